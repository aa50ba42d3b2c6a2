// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The process of a private backend comes and goes. A new one is told what the old one was: the client does not see it.
extension Multiplexer {
    mutating func relayStarted(_ actions: inout Actions) {
        relay?.hasSpoken = false
        relay?.lost = []
        relay?.questions = [:]
        guard let known = relay, known.isAnswered, !known.handshake.isEmpty else {
            backend.phase = .ready
            return sendQueue(&actions)
        }
        backend.phase = .handshaking
        ask(.handshake, "initialize", paramsOfHandshake(known.handshake), &actions)
        actions.list.append(.arm(.handshake, milliseconds: configuration.handshakeTimeout))
    }

    private func paramsOfHandshake(_ line: [UInt8]) -> [UInt8] {
        memberRange("params", in: line.span).map { Array(line[$0]) } ?? []
    }

    private mutating func ask(
        _ question: Relay.Question, _ method: String, _ params: [UInt8], _ actions: inout Actions
    ) {
        guard let id = relay?.makeID(question) else { return }
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":\"\(id)\",\"method\":")
        writeJSONString(method, to: &actions.bytes)
        if !params.isEmpty {
            actions.write(",\"params\":")
            actions.bytes.append(contentsOf: params)
        }
        actions.write("}")
        replaceLineBreaks(in: &actions.bytes, from: start)
        actions.sendToBackend(nil, from: start)
    }

    /// An answer to a request of ours.
    mutating func answered(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        guard let id = String(token: envelope.id, of: line), let question = relay?.questions.removeValue(forKey: id)
        else { return }
        switch question {
        case .told: break
        case .local(let token): replyLocally(token, line, envelope, &actions)
        case .handshake:
            actions.list.append(.disarm(.handshake))
            guard !envelope.result.isEmpty else {
                return failStart("\(configuration.server) refused a handshake that it took before", &actions)
            }
            relay?.hasSpoken = true
            actions.list.append(.ready)
            tellAgain(&actions)
            backend.phase = .ready
            sendQueue(&actions)
            askLocally(&actions)
        }
    }

    private mutating func tellAgain(_ actions: inout Actions) {
        guard let known = relay, known.isInitialized else { return }
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")
        actions.sendToBackend(nil, from: start)
        if !known.level.isEmpty { ask(.told, Method.setLevel.rawValue, known.level, &actions) }
        for uri in known.subscriptions.sorted(by: { $0.text < $1.text }) {
            var params = Array("{\"uri\":".utf8)
            uri.write(to: &params)
            ask(.told, Method.resourcesSubscribe.rawValue, params + [UInt8(ascii: "}")], &actions)
        }
    }

    /// What was at the process is answered with the reason; what had not been sent waits for the next one, if it comes.
    mutating func relayEnded(_ end: BackendEnd, now: Int64, _ actions: inout Actions) {
        let error = end.errorReply(generation: backend.generation, retryable: end.willRestart)
        for session in sessions.keys {
            let open = (sessions[session]?.requests ?? [:]).sorted { $0.key.text < $1.key.text }
            for (id, place) in open {
                if place == .queued, end.willRestart { continue }
                let target = ReplyTarget(session: session, id: id, batch: 0)
                if case .sent = place { sessions[session]?.inFlight -= 1 }
                release(target)
                answer(target, error, &actions)
            }
            if !end.willRestart { _ = sessions[session]?.queue.removeAll() }
        }
        let open = sessions.values.map { $0.requests }
        relay?.tasks.processEnded { id in open.contains { $0[id] != nil } }
        failLocal(error, &actions)
        if let asked = relay?.asked { relay?.orphaned.formUnion(asked) }
        relay?.asked = []
        relay?.renamed = [:]
        if end.willRestart, needsBackend || relay?.subscriptions.isEmpty == false { requireBackend(&actions) }
        finishAllInputEnds(now: now, &actions)
    }

    /// Whoever asked beside the client is told.
    private mutating func failLocal(_ error: ErrorReply, _ actions: inout Actions) {
        for (_, question) in relay?.questions.sorted(by: { $0.key < $1.key }) ?? [] {
            if case .local(let token) = question { replyLocally(token, error, &actions) }
        }
        relay?.questions = [:]
        for request in localQueue { replyLocally(request.token, error, &actions) }
        localQueue = []
    }

    /// A request of mcpctl's, beside the client's own. Before the client has said that it is initialized, a server need
    /// not serve it.
    mutating func relayLocal(_ request: LocalRequest, _ actions: inout Actions) {
        guard backend.phase == .ready, relay?.isAnswered == true || era == .modern else {
            let text = "this backend has one client, which has not shaken hands with it yet"
            return replyLocally(request.token, .failure(text, reason: "no_session"), &actions)
        }
        localQueue.append(request)
        askLocally(&actions)
    }

    mutating func askLocally(_ actions: inout Actions) {
        guard backend.phase == .ready, relay?.isInitialized == true || era == .modern else { return }
        let waiting = localQueue
        localQueue = []
        for request in waiting {
            ask(.local(request.token), request.method, Array((request.params ?? "").utf8), &actions)
            guard let number = relay?.lastQuestion else { return }
            actions.asked.append(Actions.Asked(token: request.token, request: UInt64(clamping: number)))
        }
    }

    /// A message of the backend that was too long to be kept.
    mutating func relayOversize(_ prefix: Span<UInt8>, _ length: Int, now: Int64, _ actions: inout Actions) {
        let envelope = Envelope(prefix: prefix)
        guard envelope.methodKind == nil, envelope.hasUsableID else { return }
        let id = RawToken(prefix, envelope.id)
        relay?.tasks.roles[id] = nil
        for session in sessions.keys where sessions[session]?.requests[id] != nil {
            let target = ReplyTarget(session: session, id: id, batch: 0)
            if case .sent? = sessions[session]?.requests[id] { sessions[session]?.inFlight -= 1 }
            release(target)
            answer(target, oversizeResult(length), &actions)
        }
        finishAllInputEnds(now: now, &actions)
    }

    /// The client comes back, after the supervisor's own end: what it said is said to the next process.
    mutating func restoreRelay(_ session: SessionID, _ value: ResumeValue) {
        if BackendEra.modernRevisions.contains(value.protocolVersion) { era = .modern }
        relay?.handshake = value.handshake
        relay?.isAnswered = !value.handshake.isEmpty
        relay?.isInitialized = value.isInitialized
        relay?.subscriptions = Set(value.subscriptions.map { RawToken(JSONValue.string($0).text) })
        if let level = value.level { relay?.level = Array("{\"level\":\"\(level.name)\"}".utf8) }
    }

    /// The client is gone, and with it whoever could want the backend's answers; the shell stops the process.
    mutating func forgetRelayed(_ session: SessionID, _ actions: inout Actions) {
        for id in (sessions[session]?.requests ?? [:]).keys.sorted(by: { $0.text < $1.text }) {
            actions.noteSettled(session, id, isAnswered: false)
        }
        let text = "the session that this backend belongs to has ended"
        failLocal(.failure(text, reason: "session_ended"), &actions)
        sessions[session] = nil
        // The process may go on for a moment, and must not meet an id twice.
        let last = relay?.lastQuestion ?? 0
        relay = Relay()
        relay?.lastQuestion = last
    }
}
