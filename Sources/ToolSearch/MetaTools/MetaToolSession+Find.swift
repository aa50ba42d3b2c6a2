// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A `find_tool` whose ranking is under way.
struct FindRequest: Sendable, Codable {
    let asker: Asker
    let query: String
    let limit: Int
    /// The client's own, to be dealt with anew should the session get another backend meanwhile.
    let line: [UInt8]
    /// Why the list could not be asked for again.
    let unavailable: String?
}

extension MetaToolSession {
    private static let defaultLimit = 5
    private static let mostHits = 20
    private static let longestQuery = 2000

    mutating func find(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ arguments: RawMember?, _ view: MetaToolView,
        mayWait: Bool
    ) -> MetaToolVerdict {
        if mayWait, !requireCatalog(view) { return .replaced(wait(line, envelope)) }
        let asker = Asker(line, envelope)
        guard let catalog = view.catalog else { return .replaced([nothingKnown(asker, view)]) }
        let values = arguments.flatMap { try? JSONValue(parsing: line.extracting($0.value)) }
        let query = values?["query"]?.stringValue ?? values?.stringValue ?? ""
        tally.searches += 1
        guard query.contains(where: { !$0.isWhitespace }) else {
            return .replaced([categories(asker, catalog, view)])
        }
        let limit = Self.limit(values?["limit"])
        lastSearch += 1
        let request = FindRequest(
            asker: asker, query: String(query.unicodeScalars.prefix(Self.longestQuery)), limit: limit,
            line: [UInt8](line, envelope.object), unavailable: view.unavailable)
        searches[lastSearch] = request
        // Pinned tools are taken out afterwards.
        let wanted = limit + options.pins.count
        return .replaced([.owed(asker.id), .search(ticket: lastSearch, query: request.query, limit: wanted)])
    }

    /// What a model asks for, within what is allowed; models write numbers as strings, and not only numbers.
    private static func limit(_ asked: JSONValue?) -> Int {
        let number = asked.flatMap { $0.doubleValue ?? $0.stringValue.flatMap(Double.init) } ?? .nan
        return number.isNaN ? defaultLimit : Int(min(max(number, 1), Double(mostHits)))
    }

    /// Searches whose ranking has not come, the oldest first.
    public var openSearches: [(ticket: UInt64, query: String, limit: Int)] {
        searches.sorted { $0.key < $1.key }.map { ($0.key, $0.value.query, $0.value.limit + options.pins.count) }
    }

    /// The ranking of a search; its places are those of the view's catalog.
    public mutating func found(_ ranking: Ranking, ticket: UInt64, _ view: MetaToolView) -> [MetaToolStep] {
        guard let request = searches.removeValue(forKey: ticket) else { return [] }
        let settled = MetaToolStep.settled(request.asker.id, isAnswered: true)
        guard let catalog = view.catalog else { return gathered([nothingKnown(request.asker, view), settled], view) }
        var hits = ranking.hits.filter {
            catalog.entries.indices.contains($0.position) && !isPinned($0.position, catalog)
        }
        var confidence = ranking.confidence
        if let exact = exactPlace(request.query, catalog) {
            hits.removeAll { $0.position == exact }
            hits.insert(Ranking.Hit(position: exact, score: 1, lexical: 1, cosine: 0), at: 0)
            confidence = .high
        }
        let answer = FindAnswer(
            catalog: catalog, hits: Array(hits.prefix(request.limit)), confidence: hits.isEmpty ? .none : confidence,
            query: request.query, pins: Set(options.pins), unavailable: view.unavailable ?? request.unavailable)
        if hits.isEmpty { tally.zeroHits += 1 }
        return gathered([tell(request.asker, [answer.text], answer.structured), settled], view)
    }

    private func isPinned(_ place: Int, _ catalog: ToolCatalog) -> Bool {
        options.pins.contains(catalog.entries[place].name)
    }

    /// The tool that the query names.
    private func exactPlace(_ query: String, _ catalog: ToolCatalog) -> Int? {
        let name = query.split(whereSeparator: \.isWhitespace)
        guard name.count == 1, let found = catalog.resolve(String(name[0])), !options.pins.contains(found.entry.name)
        else { return nil }
        return catalog.place(of: found.entry.name)
    }

    private mutating func categories(_ asker: Asker, _ catalog: ToolCatalog, _ view: MetaToolView) -> MetaToolStep {
        let names = catalog.entries.map(\.name).filter { !options.pins.contains($0) }
        let groups = ToolCategories(names: names, server: catalog.server).categories
        var lines = groups.map { "\($0.word) (\($0.names.count)): \($0.names.joined(separator: ", "))" }
        lines.append("\(names.count) tools; find_tool with a query ranks them.")
        var structured: JSONObject = ["matches": [], "total": .int(Int64(names.count))]
        structured["categories"] = .object(
            JSONObject(members: groups.map { .init(key: $0.word, value: .int(Int64($0.names.count))) }))
        structured["unavailable"] = FindAnswer.unavailable(catalog.server, view.unavailable)
        if let reason = view.unavailable { lines.append("\(catalog.server) is not available now: \(reason)") }
        return tell(asker, [lines.joined(separator: "\n")], .object(structured))
    }

    /// The tools were never listed, and cannot be now.
    private mutating func nothingKnown(_ asker: Asker, _ view: MetaToolView) -> MetaToolStep {
        let reason = view.unavailable ?? "its tools cannot be listed"
        let text = "\(view.server) is not available now, so its tools are not known: \(reason)"
        let structured: JSONValue = [
            "matches": [], "total": 0, "confidence": "none",
            "unavailable": FindAnswer.unavailable(view.server, reason),
        ]
        return tell(asker, [text], isError: true, structured)
    }
}
