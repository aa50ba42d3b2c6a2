// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What becomes of a session that departs.
extension Multiplexer {
    /// Whether it waits for a backend of its own, and that is all it waits for.
    public func isMoving(_ session: SessionID) -> Bool {
        sessions[session]?.departure?.hasLeft == false && sessions[session]?.phase != .awaitingHandshake
    }

    /// Whether it has one, and is here only for what is still under way.
    public func hasLeft(_ session: SessionID) -> Bool { sessions[session]?.departure?.hasLeft == true }

    /// The other backend runs and knows the session: everything that waits goes there.
    public mutating func moved(_ session: SessionID, now: Int64, into actions: inout Actions) {
        guard isMoving(session) else { return }
        let asked = takeSubscriptionRequests(of: session, &actions) + takeListens(of: session, now: now, &actions)
        for uri in subscriptions.remove(session) { settleSubscription(uri, &actions) }
        forgetRoots(of: session, &actions)
        for line in asked + takeHeld(of: session, &actions) { handOn(line, of: session, &actions) }
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

    /// Its handshake cannot be answered, and neither can what waits behind it.
    mutating func failDeparture(of session: SessionID, _ error: ErrorReply, _ actions: inout Actions) {
        guard sessions[session]?.departure?.hasLeft == false else { return }
        let held = takeHeld(of: session, &actions)
        sessions[session]?.departure = nil
        moves.departing.remove(session)
        for line in held {
            guard let envelope = try? Envelope(scanning: line.span), envelope.kind == .request else {
                receive(line.span, from: session, now: clock, into: &actions)
                continue
            }
            let id = RawToken(line.span, envelope.id)
            let target = ReplyTarget(session: session, id: id, batch: 0, form: AnswerForm(of: envelope))
            actions.noteOpened(target)
            answer(target, error, &actions)
        }
    }

    /// What waits; it is owed by whoever it is given to from now on.
    private mutating func takeHeld(of session: SessionID, _ actions: inout Actions) -> [[UInt8]] {
        let held = sessions[session]?.departure?.takeHeld() ?? []
        for line in held {
            guard let envelope = try? Envelope(scanning: line.span), envelope.kind == .request else { continue }
            actions.noteSettled(session, RawToken(line.span, envelope.id), isAnswered: false)
        }
        return held
    }

    /// Whoever wanted to be rid of a subscription is. What is to be subscribed to is asked of the other backend, under
    /// the same id; an answer that is part of a batch must be given here.
    private mutating func takeSubscriptionRequests(of session: SessionID, _ actions: inout Actions) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for (_, entry) in subscriptions.entries.sorted(by: { $0.key < $1.key }) {
            for target in entry.unsubscribing where target.session == session {
                release(target)
                answer(target, result: "{}", &actions)
            }
            for target in entry.subscribing where target.session == session {
                guard target.batch != 0 else {
                    drop(target, &actions)
                    lines.append(entry.request(target.id))
                    continue
                }
                let text = "the session has moved to a server of its own meanwhile; subscribe again"
                release(target)
                answer(target, .failure(text, reason: "session_moved"), &actions)
            }
        }
        return lines
    }

    /// A listen (revision 2026-07-28) lasts as long as its client likes: it goes along under its id.
    private mutating func takeListens(of session: SessionID, now: Int64, _ actions: inout Actions) -> [[UInt8]] {
        listens.numbers.compactMap { number in
            guard let listen = listens[number], listen.target.session == session else { return nil }
            removeListen(number, now: now, &actions)
            drop(listen.target, &actions)
            return listen.onceMore
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
            && !hasTasks(session)
    }
}

extension SubscriptionTable.Entry {
    /// The request once more, for another machine.
    fileprivate func request(_ id: RawToken) -> [UInt8] {
        var line = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        id.write(to: &line)
        line += Array(",\"method\":\"\(Method.resourcesSubscribe.rawValue)\",\"params\":{\"uri\":".utf8)
        token.write(to: &line)
        return line + Array("}}".utf8)
    }
}

extension Listen {
    /// The request once more, for another machine.
    fileprivate var onceMore: [UInt8] {
        var line = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        target.id.write(to: &line)
        line += Array(",\"method\":\"subscriptions/listen\",\"params\":".utf8)
        return line + filter + [UInt8(ascii: "}")]
    }
}
