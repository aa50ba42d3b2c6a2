// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix
import ToolSearch

/// A list of tools as a server told it, with what a search of it needs. Sessions that were told the same share one.
final class ToolList {
    let catalog: ToolCatalog
    private let definitions: [[UInt8]]
    private unowned let registry: Registry
    private var index: ToolIndex?
    /// Sentence vectors under way.
    private var job: DocumentJob?

    init(server: String, definitions: [[UInt8]], registry: Registry) {
        self.definitions = definitions
        self.registry = registry
        catalog = ToolCatalog(server: server, definitions: definitions)
    }

    deinit { job?.cancel() }

    /// Whether it is searched, and not only called from.
    var isPrepared: Bool { index != nil }

    func isTold(by list: [[UInt8]]) -> Bool { list == definitions }

    /// Whether these are the same definitions, however they were written.
    func says(_ list: [JSONValue]) -> Bool {
        list.count == definitions.count
            && zip(definitions, list).allSatisfy { (try? JSONValue(parsing: $0))?.text == $1.text }
    }

    /// What a search needs, made once: a session that only calls tools costs nothing. Sentence vectors come in the
    /// background, where there is an engine.
    func prepare() {
        if index == nil {
            let documents = catalog.entries.indices.map { ToolList.document(at: $0, in: catalog) }
            index = ToolIndex(documents: documents, table: registry.searchTable.loaded)
        }
        embed()
    }

    /// Has the encoder look at the list, once; also where the engine came later than the list.
    private func embed() {
        guard job?.isCancelled ?? true, index?.hasTable == true, let embedder = registry.embedder else { return }
        job = embedder.encode(
            documents: catalog.entries.count, of: catalog.server,
            texts: { [catalog] in ToolList.document(at: $0, in: catalog).forms },
            then: { [weak self] position, vector in self?.index?.setSentence(vector, at: position) })
    }

    /// Each entry has one, so that places in the index are places in the catalog.
    private static func document(at place: Int, in catalog: ToolCatalog) -> ToolDocument {
        let entry = catalog.entries[place]
        let definition = try? JSONValue(parsing: entry.definition)
        return definition.flatMap { ToolDocument(server: catalog.server, definition: $0) }
            ?? ToolDocument(server: catalog.server, name: entry.name, description: "", parameters: [])
    }

    /// Ranks the tools by a query; at once, or within the time that an encoder may take.
    func rank(_ query: String, limit: Int, then: @escaping (Ranking) -> Void) {
        prepare()
        guard let embedder = registry.embedder, index?.hasTable == true else {
            return then(ranking(query, nil, limit))
        }
        embedder.encode(query: query) { [self] sentence in then(ranking(query, sentence, limit)) }
    }

    /// Without what takes time.
    func rankByWords(_ query: String, limit: Int) -> Ranking {
        prepare()
        return ranking(query, nil, limit)
    }

    private func ranking(_ query: String, _ sentence: [Float]?, _ limit: Int) -> Ranking {
        (index ?? ToolIndex(documents: [], table: nil)).search(query, sentence: sentence, limit: limit)
    }
}
