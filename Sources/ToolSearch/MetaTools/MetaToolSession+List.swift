// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// A request that waits until the catalog is known.
struct WaitingRequest: Sendable, Codable {
    let id: RawToken
    let line: [UInt8]
    /// Whether it came after the list was asked for: that may be the list as it was before.
    var isLate = false
}

/// The session's own `tools/list` under way: the multiplexer answers it from its cache, or its backend does.
struct ListFetch: Sendable, Codable {
    var id: RawToken
    var definitions: [[UInt8]] = []
    var bounds = ListBounds()

    init(id: RawToken) { self.id = id }

    mutating func add(_ page: [[UInt8]]) {
        for definition in page {
            guard bounds.takes(definition.count) else { return }
            definitions.append(definition)
        }
    }
}

extension MetaToolSession {
    /// The client's `tools/list`: the same to the end of the session.
    mutating func list(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView, mayWait: Bool = true
    ) -> MetaToolVerdict {
        if isOn == true, let visibleList {
            return .replaced([answer(Asker(line, envelope), list: visibleList)])
        }
        if mayWait, !requireCatalog(view) { return .replaced(wait(line, envelope)) }
        guard let catalog = view.catalog else { return .pass }
        if isOn == nil { judge(catalog, view) }
        guard isOn == true else { return .pass }
        let list = MetaTool.list(catalog, options)
        visibleList = list
        countGiven(catalog, view)
        return .replaced([answer(Asker(line, envelope), list: list)])
    }

    private func answer(_ asker: Asker, list: [UInt8]) -> MetaToolStep {
        var members: [UInt8] = []
        members.write("\"tools\":")
        members += list
        // It stays as it is for this session, and may differ for another.
        if asker.isModern { members.write(",\"ttlMs\":3600000,\"cacheScope\":\"private\"") }
        return asker.answer(members)
    }

    private mutating func judge(_ catalog: ToolCatalog, _ view: MetaToolView) {
        let isWorthIt = SizeJudgement(catalog, instructions ?? view.instructions, options).isWorthIt
        isOn = isWorthIt && !options.isDeferring(clientName)
        if isOn == true { tally.sessions = 1 }
    }

    /// Whether the catalog may be used as it is.
    func requireCatalog(_ view: MetaToolView) -> Bool { view.catalog != nil && view.isFresh }

    mutating func wait(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> [MetaToolStep] {
        let id = RawToken(line, envelope.id)
        waiting.append(WaitingRequest(id: id, line: [UInt8](line, envelope.object), isLate: fetch != nil))
        return [.owed(id)] + startFetch()
    }

    mutating func startFetch() -> [MetaToolStep] {
        guard fetch == nil else { return [] }
        fetch = ListFetch(id: RawToken("null"))
        for index in waiting.indices { waiting[index].isLate = false }
        return [askForPage(cursor: nil)]
    }

    private static let ownID = "mcp-supervisor-tools-"

    /// Whether a request is one of ours, of which the client knows nothing.
    public func isOwn(_ id: RawToken) -> Bool { fetches > 0 && id.text.dropFirst().hasPrefix(Self.ownID) }

    private mutating func askForPage(cursor: [UInt8]?) -> MetaToolStep {
        fetches += 1
        let id = "\"\(Self.ownID)\(fetches)\""
        fetch?.id = RawToken(id)
        var line: [UInt8] = []
        line.write("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"tools/list\"")
        if cursor != nil || requestMeta != nil {
            line.write(",\"params\":{")
            if let cursor {
                line.write("\"cursor\":")
                line += cursor
            }
            if let requestMeta {
                line.write(cursor == nil ? "\"_meta\":" : ",\"_meta\":")
                line += requestMeta
            }
            line.write("}")
        }
        line.write("}\n")
        return .toServer(line)
    }

    mutating func receivePage(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView
    ) -> [MetaToolStep] {
        guard var fetch, let result = rawMembers(line, envelope.result), let tools = result["tools"],
            let elements = rawElements(line, tools.value)
        else {
            let error = envelope.error.isEmpty ? nil : [UInt8](line, envelope.error)
            return fetchFailed(error, view)
        }
        fetch.add(elements.map { [UInt8](line, $0) })
        if let cursor = result["nextCursor"], cursor.kind == .string {
            let next = [UInt8](line, cursor.value)
            if fetch.bounds.goesOn(at: next) {
                self.fetch = fetch
                return [askForPage(cursor: next)]
            }
        }
        self.fetch = nil
        return [.learned(fetch.definitions)]
    }

    /// The list is another one, and somebody will search it: it is learned now.
    public mutating func refresh(_ view: MetaToolView) -> [MetaToolStep] {
        isOn == true && !requireCatalog(view) ? startFetch() : []
    }

    /// The catalog is as the session's backend told it, or as another session learned it.
    public mutating func catalogChanged(_ view: MetaToolView) -> [MetaToolStep] {
        countFormerLife(view)
        let steps = settle(view)
        return gathered(steps, view)
    }

    /// The session has another backend: what was asked of the former one's list is asked of this one's. Answers that
    /// are still to come from there are nobody's.
    public mutating func backendChanged(_ view: MetaToolView) -> [MetaToolStep] {
        fetch = nil
        for index in waiting.indices { waiting[index].isLate = false }
        for search in searches.sorted(by: { $0.key < $1.key }).map(\.value) {
            waiting.append(WaitingRequest(id: search.asker.id, line: search.line))
            tally.searches -= 1
        }
        searches = [:]
        guard !waiting.isEmpty else { return [] }
        return requireCatalog(view) ? catalogChanged(view) : startFetch()
    }

    /// Serves what waited, with the catalog as it is.
    mutating func settle(_ view: MetaToolView) -> [MetaToolStep] {
        var steps: [MetaToolStep] = []
        if !heldHandshakes.isEmpty {
            if isOn == nil, let catalog = view.catalog { judge(catalog, view) }
            steps += releaseHandshakes()
        }
        steps += serveWaiting(view) { view.isFresh || !$0.isLate }
        // Nothing is hidden any more, so nothing is to be waited for.
        if isOn == false { steps += serveWaiting(view) { _ in true } }
        return waiting.isEmpty ? steps : steps + startFetch()
    }

    private mutating func serveWaiting(_ view: MetaToolView, _ isServed: (WaitingRequest) -> Bool) -> [MetaToolStep] {
        let requests = waiting.filter(isServed)
        waiting.removeAll(where: isServed)
        return requests.flatMap { serve($0, view) }
    }

    private mutating func serve(_ request: WaitingRequest, _ view: MetaToolView) -> [MetaToolStep] {
        let steps = steps(for: request, view)
        // A request that goes on, or waits for a search now, is in other books.
        guard steps.contains(where: { if case .toClient = $0 { true } else { false } }) else {
            return [.settled(request.id, isAnswered: false)] + steps
        }
        return steps + [.settled(request.id, isAnswered: true)]
    }

    private mutating func steps(for request: WaitingRequest, _ view: MetaToolView) -> [MetaToolStep] {
        let line = request.line.span
        guard isOn != false, let envelope = try? Envelope(scanning: line) else {
            return [.toServer(request.line + [0x0A])]
        }
        let verdict =
            envelope.knownMethod == .toolsList
            ? list(line, envelope, view, mayWait: false) : call(line, envelope, view, mayWait: false)
        switch verdict {
        case .pass: return [.toServer(request.line + [0x0A])]
        case .replaced(let steps): return steps
        }
    }

    /// The list cannot be had: what was known is used; where nothing was, a request learns why.
    private mutating func fetchFailed(_ error: [UInt8]?, _ view: MetaToolView) -> [MetaToolStep] {
        fetch = nil
        for index in waiting.indices { waiting[index].isLate = false }
        var view = view
        let reason = error.flatMap { try? JSONValue(parsing: $0) }?["message"]?.stringValue
        view.unavailable = view.unavailable ?? reason ?? "its tools cannot be listed"
        guard view.catalog == nil else { return settle(view) }
        // Nothing to judge by: whoever sees the whole list loses nothing.
        if isOn == nil { isOn = false }
        return settle(view)
    }
}
