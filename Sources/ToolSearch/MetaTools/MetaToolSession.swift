// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The meta-tools of one session, as a pure machine between its client and the multiplexer.
///
/// Lines of the client go in before the multiplexer sees them, lines to the client before they leave. What is none of
/// its business passes as it came; what it relays changed is spliced, never decoded and written again.
public struct MetaToolSession: Sendable, Codable {
    let options: MetaToolOptions
    /// Whether the session sees the meta-tools; nil while `auto` has not judged.
    public internal(set) var isOn: Bool?
    var clientName: String?
    /// Requests for a handshake whose answers are to be edited.
    var handshakes: Set<RawToken> = []
    /// Answers to those, which wait for `auto` to judge.
    var heldHandshakes: [HeldHandshake] = []
    /// The server's own, whole; nil before a handshake was seen.
    var instructions: String?
    /// The `tools` array that the client was shown.
    var visibleList: [UInt8]?
    /// Requests that wait for the catalog.
    var waiting: [WaitingRequest] = []
    var fetch: ListFetch?
    var fetches: UInt64 = 0
    /// What our own requests must carry in the era of 2026-07-28.
    var requestMeta: [UInt8]?
    /// Calls at the backend of tools that the client has not seen the schema of.
    var calls: [RawToken: String] = [:]
    var searches: [UInt64: FindRequest] = [:]
    var lastSearch: UInt64 = 0
    /// Arrays of the client whose answers are not all there.
    var batches: [MetaToolBatch] = []
    public internal(set) var tally = MetaToolTally()
    /// Whether the tally has what the client was given up front.
    var isGivenCounted = false
    /// Whether the client was given it in the session's former life.
    let isResumed: Bool

    /// - Parameter isResumed: whether the client had its answers in a former life of the session, of which nothing else
    ///   is left.
    public init(options: MetaToolOptions, isResumed: Bool = false) {
        self.options = options
        self.isResumed = isResumed
        isOn = options.mode == .auto ? nil : options.mode == .on
        if isOn == true { tally.sessions = 1 }
    }

    /// A line of the client.
    public mutating func receive(_ line: Span<UInt8>, _ view: MetaToolView) -> MetaToolVerdict {
        guard isOn != false else { return .pass }
        countFormerLife(view)
        guard let envelope = try? Envelope(scanning: line) else { return receiveBatch(line, view) }
        let verdict = receive(line, envelope, view)
        guard !batches.isEmpty else { return verdict }
        if envelope.knownMethod == .cancelled { forget(RawToken(line, envelope.params.requestID.range)) }
        let steps = if case .replaced(let steps) = verdict { steps } else { [MetaToolStep.toServer(Self.alone(line))] }
        return .replaced(gathered(steps, view))
    }

    /// A line as a step has it.
    private static func alone(_ line: Span<UInt8>) -> [UInt8] { [UInt8](line, 0..<line.count) + [0x0A] }

    mutating func receive(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView
    ) -> MetaToolVerdict {
        switch (envelope.kind, envelope.knownMethod) {
        case (.request, .initialize):
            let steps = beginAnew()
            let verdict = beginHandshake(line, envelope)
            return steps.isEmpty ? verdict : .replaced(steps + [.toServer(Self.alone(line))])
        case (.request, .discover):
            return beginHandshake(line, envelope)
        case (.request, .toolsList), (.request, .toolsCall):
            return serve(line, envelope, view)
        case (.notification, .cancelled):
            return cancel(line, envelope)
        default:
            return .pass
        }
    }

    /// A request that may be ours to answer.
    private mutating func serve(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView
    ) -> MetaToolVerdict {
        // The multiplexer refuses it.
        guard envelope.hasUsableID else { return .pass }
        let asker = Asker(line, envelope)
        guard !waiting.contains(where: { $0.id == asker.id }),
            !searches.values.contains(where: { $0.asker.id == asker.id })
        else {
            return .replaced([asker.refusal(code: -32600, "Invalid request: a request with this id is in flight")])
        }
        rememberMeta(line, envelope)
        return envelope.knownMethod == .toolsList
            ? list(line, envelope, view) : call(line, envelope, view, mayWait: true)
    }

    /// A line for the client.
    public mutating func receiveFromServer(_ line: Span<UInt8>, _ view: MetaToolView) -> MetaToolVerdict {
        guard isOn != false, let envelope = try? Envelope(scanning: line) else { return .pass }
        let verdict = receiveFromServer(line, envelope, view)
        guard !batches.isEmpty else { return verdict }
        let steps = if case .replaced(let steps) = verdict { steps } else { [MetaToolStep.toClient(Self.alone(line))] }
        return .replaced(gathered(steps, view))
    }

    private mutating func receiveFromServer(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView
    ) -> MetaToolVerdict {
        switch envelope.kind {
        case .response: return answered(line, envelope, view)
        // What the session sees does not change.
        case .notification where envelope.knownMethod == .toolsChanged: return .replaced([.listChanged])
        default: return .pass
        }
    }

    private mutating func answered(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView
    ) -> MetaToolVerdict {
        let id = RawToken(line, envelope.id)
        if let fetch, fetch.id == id { return .replaced(receivePage(line, envelope, view)) }
        if isOwn(id) { return .replaced([]) }
        if handshakes.remove(id) != nil { return endHandshake(line, envelope, view) }
        guard let tool = calls.removeValue(forKey: id) else { return .pass }
        return explain(line, envelope, tool, view)
    }

    /// What waits here is never sent on; what is at the backend is cancelled there.
    private mutating func cancel(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> MetaToolVerdict {
        let id = RawToken(line, envelope.params.requestID.range)
        if calls[id] == nil, let place = RawToken.place(of: id, among: waiting.map(\.id)) {
            return .replaced([.settled(waiting.remove(at: place).id, isAnswered: false)])
        }
        let asked = searches.sorted { $0.key < $1.key }
        if calls[id] == nil, let place = RawToken.place(of: id, among: asked.map(\.value.asker.id)) {
            searches[asked[place].key] = nil
            return .replaced([.settled(asked[place].value.asker.id, isAnswered: false)])
        }
        calls[id] = nil
        return .pass
    }

    /// The client's own words about its era, for requests of ours.
    private mutating func rememberMeta(_ line: Span<UInt8>, _ envelope: borrowing Envelope) {
        guard envelope.isModern, let members = rawMembers(line, envelope.params.meta.range) else { return }
        let kept = ["protocolVersion", "clientInfo", "clientCapabilities"].compactMap { name in
            members["io.modelcontextprotocol/\(name)"]
        }
        var meta: [UInt8] = []
        for member in kept {
            meta.write(meta.isEmpty ? "{" : ",")
            writeJSONString(member.name, to: &meta)
            meta.write(":")
            meta += [UInt8](line, member.value)
        }
        meta.write("}")
        requestMeta = meta
        guard clientName == nil, let info = members["io.modelcontextprotocol/clientInfo"]?.value else { return }
        clientName = (try? JSONValue(parsing: line.extracting(info)))?["name"]?.stringValue
    }
}

extension MetaToolSession {
    private mutating func beginHandshake(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> MetaToolVerdict {
        rememberMeta(line, envelope)
        if let params = try? JSONValue(parsing: line.extracting(envelope.params.range)),
            let name = params["clientInfo"]?["name"]?.stringValue
        {
            clientName = name
        }
        if options.mode == .auto, options.isDeferring(clientName) {
            isOn = false
            return .pass
        }
        handshakes.insert(RawToken(line, envelope.id))
        return .pass
    }
}
