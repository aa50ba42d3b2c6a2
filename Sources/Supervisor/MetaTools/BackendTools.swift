// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Posix
import ToolSearch

/// A backend's tools, learned once and shared by its sessions with meta-tools.
final class BackendTools {
    private let server: String
    private(set) var catalog: ToolCatalog?
    private var index: ToolIndex?
    private unowned let registry: Registry
    /// Sentence vectors under way.
    private var job: DocumentJob?
    /// The multiplexer's list that this one is; nil when it is none that is known there.
    private var learnedAs: UInt64?
    private var definitions: [[UInt8]] = []
    private var instructionsText: String?

    init(server: String, registry: Registry) {
        self.server = server
        self.registry = registry
    }

    deinit { job?.cancel() }

    /// The handshake or a list is another one now.
    func mayHaveChanged() {
        learnedAs = nil
        instructionsText = nil
    }

    /// Whether this is the list that the multiplexer would answer a session with: it knows what the server announces,
    /// how long a list may be kept, and which calls of the session may have changed it.
    func isFresh(_ kept: (request: UInt64, result: [UInt8])?) -> Bool { kept != nil && kept?.request == learnedAs }

    /// The whole list, as the multiplexer answered it. True when it is another one than before.
    ///
    /// - Parameter kept: what the multiplexer keeps; a list that was overtaken by a change on its way is not that.
    @discardableResult
    func learn(_ list: [[UInt8]], kept: (request: UInt64, result: [UInt8])? = nil) -> Bool {
        learnedAs = kept.flatMap { ToolCatalog.begins(list, with: $0.result) ? $0.request : nil }
        guard catalog == nil || list != definitions else { return false }
        definitions = list
        catalog = ToolCatalog(server: server, definitions: list)
        index = nil
        job?.cancel()
        job = nil
        return true
    }

    /// The server's instructions, whole.
    func instructions(_ snapshot: @autoclosure () -> Snapshot?) -> String {
        if let instructionsText { return instructionsText }
        let result = snapshot().flatMap { try? JSONValue(parsing: $0.discoverResult ?? $0.initializeResult) }
        let text = result?["instructions"]?.stringValue ?? ""
        instructionsText = text
        return text
    }

    /// What a search needs, made once a list: a session that only calls tools costs nothing. Sentence vectors come in
    /// the background, where there is an engine.
    func prepare() {
        guard let catalog else { return }
        if index == nil {
            let documents = catalog.entries.indices.map { BackendTools.document(at: $0, in: catalog) }
            index = ToolIndex(documents: documents, table: registry.searchTable.loaded)
        }
        embed(catalog)
    }

    /// Has the encoder look at the list, once; also where the engine came later than the list.
    private func embed(_ catalog: ToolCatalog) {
        guard job?.isCancelled ?? true, index?.hasTable == true, let embedder = registry.embedder else { return }
        job = embedder.encode(
            documents: catalog.entries.count, of: server,
            texts: { BackendTools.document(at: $0, in: catalog).forms },
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
        guard let embedder = registry.embedder, index?.hasTable == true else { return answer(query, nil, limit, then) }
        embedder.encode(query: query) { [weak self] sentence in
            guard let self else { return then(BackendTools.nothing(query)) }
            answer(query, sentence, limit, then)
        }
    }

    /// Without what takes time.
    func rankByWords(_ query: String, limit: Int) -> Ranking? {
        prepare()
        return index?.search(query, sentence: nil, limit: limit)
    }

    private func answer(_ query: String, _ sentence: [Float]?, _ limit: Int, _ then: (Ranking) -> Void) {
        prepare()
        then(index?.search(query, sentence: sentence, limit: limit) ?? BackendTools.nothing(query))
    }

    /// What is found where there are no tools.
    private static func nothing(_ query: String) -> Ranking {
        ToolIndex(documents: [], table: nil).search(query, limit: 0)
    }
}
