// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A session calls one of `private_tools`: it needs a backend of its own. Until that runs its lines wait, except for
/// those that belong to what is under way here.
extension Multiplexer {
    /// - Returns: whether the call is dealt with; any other goes its way.
    mutating func divertPrivateCall(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) -> Bool {
        guard !configuration.privateTools.isEmpty, let tool = privateTool(line, envelope) else { return false }
        guard !configuration.isMoved else {
            moves.hasOwnState = true
            moves.isStateLost = false
            return false
        }
        guard !tool.changesNothing(line.extracting(envelope.params.range)) else { return false }
        guard target.batch == 0 else {
            let text = "This tool gets its session a server of its own, and cannot be called in a batch: call it alone."
            answer(target, result: toolError(text), &actions)
            return true
        }
        sessions[target.session]?.departure = Departure(held: [copy(line, envelope.object)])
        moves.departing.insert(target.session)
        actions.list.append(.move(target.session))
        return true
    }

    func toolError(_ text: String) -> String {
        let result: JSONValue = ["content": [["type": "text", "text": .string(text)]], "isError": true]
        return result.text
    }

    /// A line of a session that departs.
    ///
    /// - Returns: false when it belongs to what is under way here.
    mutating func divert(_ line: Span<UInt8>, from session: SessionID, _ actions: inout Actions) -> Bool {
        guard let departure = sessions[session]?.departure else { return false }
        let envelope = try? Envelope(scanning: line)
        if let envelope, staysHere(line, envelope, session, departure) { return false }
        if departure.hasLeft {
            handOn(copy(line, 0..<line.count), of: session, &actions)
        } else {
            if let envelope, envelope.kind == .request {
                actions.noteOpened(ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: 0))
            }
            sessions[session]?.departure?.held.append(copy(line, 0..<line.count))
        }
        return true
    }

    private func staysHere(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID, _ departure: Departure
    ) -> Bool {
        switch envelope.kind {
        case .response: isQuestion(line, envelope.id, of: session)
        case .notification: concernsOurs(line, envelope, session)
        case .request:
            if envelope.params.requestState.isPresent {
                String(token: envelope.params.requestState.range, of: line)
                    .flatMap { heldCalls[$0] }?.session == session
            } else {
                envelope.knownMethod == .ping && !departure.hasLeft
            }
        case .invalid: false
        }
    }

    private func concernsOurs(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID) -> Bool {
        switch envelope.knownMethod {
        case .cancelled where envelope.params.requestID.isPresent:
            findRequest(line, envelope.params.requestID.range, of: session) != nil
        case .progress: isQuestion(line, envelope.params.progressToken.range, of: session)
        default: false
        }
    }

    private func isQuestion(_ line: Span<UInt8>, _ id: Range<Int>, of session: SessionID) -> Bool {
        ownID(line, id).flatMap { questions.entries[$0] }?.session == session
    }

    /// To the machine of the other backend.
    private func handOn(_ line: [UInt8], of session: SessionID, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.bytes.append(contentsOf: line)
        actions.list.append(.handOn(session, start..<actions.bytes.count))
    }
}

// MARK: - What becomes of it

extension Multiplexer {
    /// Whether it waits for a backend of its own.
    public func isMoving(_ session: SessionID) -> Bool { sessions[session]?.departure?.hasLeft == false }

    /// Whether it has one, and is here only for what is still under way.
    public func hasLeft(_ session: SessionID) -> Bool { sessions[session]?.departure?.hasLeft == true }

    /// The other backend runs and knows the session: everything that waits goes there.
    public mutating func moved(_ session: SessionID, now: Int64, into actions: inout Actions) {
        guard isMoving(session) else { return }
        let listens = takeListens(of: session, now: now, &actions)
        for uri in subscriptions.remove(session) { settleSubscription(uri, &actions) }
        for line in listens + takeHeld(of: session, &actions) { handOn(line, of: session, &actions) }
        sessions[session]?.departure?.hasLeft = true
        finishDepartures(now: now, &actions)
    }

    /// There is no other backend: the call that needed one is answered, and everything goes on here.
    ///
    /// - Parameter reason: for the agent; what failed, on what, why, and what to do.
    public mutating func stays(_ session: SessionID, reason: String, now: Int64, into actions: inout Actions) {
        guard isMoving(session) else { return }
        let held = takeHeld(of: session, &actions)
        sessions[session]?.departure = nil
        moves.departing.remove(session)
        for (index, line) in held.enumerated() {
            guard index == 0, let envelope = try? Envelope(scanning: line.span) else {
                receive(line.span, from: session, now: now, into: &actions)
                continue
            }
            let target = ReplyTarget(
                session: session, id: RawToken(line.span, envelope.id), batch: 0, form: AnswerForm(of: envelope))
            actions.noteOpened(target)
            answer(target, result: toolError(reason), &actions)
        }
        finishInputEnd(session, now: now, &actions)
    }

    /// What waits; it is owed by whoever it is given to from now on.
    private mutating func takeHeld(of session: SessionID, _ actions: inout Actions) -> [[UInt8]] {
        let held = sessions[session]?.departure?.held ?? []
        sessions[session]?.departure?.held = []
        for line in held {
            guard let envelope = try? Envelope(scanning: line.span), envelope.kind == .request else { continue }
            actions.noteSettled(session, RawToken(line.span, envelope.id), isAnswered: false)
        }
        return held
    }

    /// A listen (revision 2026-07-28) lasts as long as its client likes: it goes along under its id.
    private mutating func takeListens(of session: SessionID, now: Int64, _ actions: inout Actions) -> [[UInt8]] {
        listens.numbers.compactMap { number in
            guard let listen = listens[number], listen.target.session == session else { return nil }
            removeListen(number, now: now, &actions)
            drop(listen.target, &actions)
            return listen.request(version: sessions[session]?.protocolVersion ?? "")
        }
    }

    /// The session is forgotten, whatever waits.
    mutating func forgetDeparture(of session: SessionID, _ actions: inout Actions) {
        guard moves.departing.remove(session) != nil else { return }
        _ = takeHeld(of: session, &actions)
    }

    /// Lets go of those who are owed nothing here any more.
    mutating func finishDepartures(now: Int64, _ actions: inout Actions) {
        guard !moves.departing.isEmpty else { return }
        for session in moves.departing.sorted() where hasLeft(session) && owesNothing(to: session) {
            letGo(session, now: now, &actions)
        }
    }

    /// It has another backend, and nothing to do with this one.
    mutating func letGo(_ session: SessionID, now: Int64, _ actions: inout Actions) {
        close(session, now: now, into: &actions)
        actions.list.append(.left(session))
    }

    private func owesNothing(to session: SessionID) -> Bool {
        guard let state = sessions[session] else { return true }
        return state.requests.isEmpty && state.queue.isEmpty && state.batches.isEmpty
            && !heldCalls.values.contains { $0.session == session }
            && !questions.entries.values.contains { $0.session == session }
    }
}

extension Listen {
    /// The request once more, for another machine.
    fileprivate func request(version: String) -> [UInt8] {
        var meta = JSONObject()
        meta[ReservedMetaKey.protocolVersion.name] = .string(version)
        meta[ReservedMetaKey.clientCapabilities.name] = [:]
        var params = (try? JSONValue(parsing: filter))?.objectValue ?? JSONObject()
        params["_meta"] = .object(meta)
        var line = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        target.id.write(to: &line)
        line += Array(",\"method\":\"subscriptions/listen\",\"params\":".utf8)
        params.write(to: &line)
        return line + [UInt8(ascii: "}")]
    }
}
