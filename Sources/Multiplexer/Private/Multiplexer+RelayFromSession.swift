// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the one client of a private backend says: noted, and passed on byte for byte.
extension Multiplexer {
    mutating func relayFromSession(
        _ line: Span<UInt8>, _ session: SessionID, now: Int64, _ actions: inout Actions
    ) {
        if let envelope = try? Envelope(scanning: line) {
            if let original = takeRenamed(line, envelope) {
                return passAnswer(line, envelope, to: bytes(of: original), &actions)
            }
            guard note(line, envelope, of: session, &actions) else { return }
            if backend.phase != .ready, envelope.knownMethod == .initialized, relay?.isAnswered == true {
                // The next process is told with the handshake.
                return
            }
            let target = target(line, envelope, session)
            sendOn(line, envelope.object, envelope.hasLineBreaks, of: session, target, &actions)
            return askLocally(&actions)
        }
        // An array, or something that the server may complain about itself.
        for range in elementRanges(line) ?? [] {
            let element = line.extracting(range)
            if let envelope = try? Envelope(scanning: element) { _ = note(element, envelope, of: session, &actions) }
        }
        sendOn(line, 0..<line.count, true, of: session, nil, &actions)
    }

    private func target(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID) -> ReplyTarget? {
        guard envelope.kind == .request, envelope.hasUsableID else { return nil }
        return ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: 0)
    }

    /// The process's own id for the question that this answers, where the client got another one.
    private mutating func takeRenamed(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> RawToken? {
        guard envelope.kind == .response, let known = relay, !known.renamed.isEmpty,
            let name = String(token: envelope.id, of: line), let original = relay?.renamed.removeValue(forKey: name)
        else { return nil }
        relay?.asked.remove(RawToken(line, envelope.id))
        return original
    }

    /// False for an answer to a question of a process that is gone.
    private mutating func note(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID, _ actions: inout Actions
    ) -> Bool {
        switch envelope.kind {
        case .request: noteRequest(line, envelope, of: session, &actions)
        case .notification: noteNotification(line, envelope, of: session, &actions)
        case .response:
            let id = RawToken(line, envelope.id)
            if relay?.asked.remove(id) == nil, relay?.orphaned.remove(id) != nil { return false }
        case .invalid: break
        }
        return true
    }

    private mutating func noteRequest(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID, _ actions: inout Actions
    ) {
        guard envelope.hasUsableID else { return }
        let target = ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: 0)
        // A second one with the id of one that is open is the server's to refuse; the client can wait for one only.
        if sessions[session]?.requests[target.id] == nil {
            actions.noteOpened(target)
            sessions[session]?.requests[target.id] = .queued
            noteTaskRequest(target.id, line, envelope)
        }
        if envelope.isModern { noteModernClient(line, envelope, of: session) }
        switch envelope.knownMethod {
        case .initialize: noteHandshake(line, envelope, target)
        case .setLevel: relay?.level = copy(line, envelope.params.range)
        case .resourcesSubscribe where envelope.params.uri.isPresent:
            noteSubscription(RawToken(line, envelope.params.uri.range), of: session, &actions)
        case .resourcesUnsubscribe where envelope.params.uri.isPresent:
            relay?.subscriptions.remove(RawToken(line, envelope.params.uri.range))
        default: break
        }
    }

    /// A new process is told of as many as a client can mean.
    private mutating func noteSubscription(_ uri: RawToken, of session: SessionID, _ actions: inout Actions) {
        guard relay?.subscriptions.contains(uri) == false else { return }
        guard relay?.subscriptions.count != Relay.mostSubscriptions else {
            relay?.unkeptSubscriptions += 1
            guard let count = relay?.unkeptSubscriptions, isWorthLogging(count) else { return }
            let text =
                "session \(session) subscribed to \(Relay.mostSubscriptions + count) resources: should its server "
            return actions.log(.warning, text + "die, the next one is told of \(Relay.mostSubscriptions)")
        }
        relay?.subscriptions.insert(uri)
    }

    /// What `status` shows of the client; the server gets the line itself.
    private mutating func noteHandshake(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget) {
        relay?.handshake = copy(line, envelope.object)
        relay?.handshakeID = target.id
        relay?.isAnswered = false
        relay?.isInitialized = false
        let params = try? JSONValue(parsing: line.extracting(envelope.params.range))
        sessions[target.session]?.clientInfo = params?["clientInfo"]?.objectValue
        sessions[target.session]?.phase = .awaitingHandshake
    }

    private mutating func noteModernClient(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID
    ) {
        guard sessions[session]?.protocolVersion.isEmpty == true else { return }
        era = .modern
        sessions[session]?.protocolVersion = String(token: envelope.params.protocolVersion.range, of: line) ?? ""
        sessions[session]?.phase = .initialized
    }

    private mutating func noteNotification(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID, _ actions: inout Actions
    ) {
        switch envelope.knownMethod {
        case .initialized:
            relay?.isInitialized = true
            actions.list.append(.sessionChanged(session))
        case .cancelled where envelope.params.requestID.isPresent:
            // The server may answer all the same; its answer passes, and nobody is owed it.
            let id = RawToken(line, envelope.params.requestID.range)
            relay?.tasks.roles[id] = nil
            guard let place = sessions[session]?.requests.removeValue(forKey: id) else { return }
            if case .sent = place { sessions[session]?.inFlight -= 1 }
            actions.noteSettled(session, id, isAnswered: false)
        default: break
        }
    }

    /// Now, or when there is a process that knows the client.
    private mutating func sendOn(
        _ line: Span<UInt8>, _ range: Range<Int>, _ mayHaveLineBreaks: Bool, of session: SessionID,
        _ target: ReplyTarget?, _ actions: inout Actions
    ) {
        guard backend.phase == .ready else {
            sessions[session]?.queue.append(LineQueue.Line(bytes: copy(line, range), target: target))
            return requireBackend(&actions)
        }
        let start = actions.bytes.count
        actions.bytes.append(line, range)
        if mayHaveLineBreaks { replaceLineBreaks(in: &actions.bytes, from: start) }
        actions.sendToBackend(session, from: start)
        markSent(of: session)
    }

    /// Every request that was noted and not sent is sent now.
    private mutating func markSent(of session: SessionID) {
        for (id, place) in sessions[session]?.requests ?? [:] where place == .queued {
            sessions[session]?.requests[id] = .sent(0)
            sessions[session]?.inFlight += 1
        }
    }

    mutating func sendQueue(_ actions: inout Actions) {
        for session in sessions.keys {
            let lines = sessions[session]?.queue.removeAll() ?? []
            for line in lines {
                sendOn(line.bytes.span, 0..<line.bytes.count, false, of: session, line.target, &actions)
            }
        }
    }
}
