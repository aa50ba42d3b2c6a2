// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Requests on their way to the backend, and the queue where they wait for it.
extension Multiplexer {
    /// Sends a request under an id of ours, now or when the backend and the session's allowance permit.
    mutating func forward(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        // What comes after the call that makes a session move must not overtake it, be there room or not.
        if !moves.departing.isEmpty, isQueueFull(target.session) { return answer(target, queueIsFull, &actions) }
        if canSend(for: target.session), mayLeave(line, envelope, of: target.session) {
            send(line, envelope, target, &actions)
        } else if isQueueFull(target.session) {
            answer(target, queueIsFull, &actions)
        } else {
            enqueue(line, envelope.object, of: target.session, target, &actions)
            if backend.phase == .ready, !hasRoom { waitForRoom(target.session) }
        }
    }

    private func canSend(for session: SessionID) -> Bool {
        backend.phase == .ready && sessions[session]?.queue.isEmpty == true
            && load(of: session) < configuration.maximumInFlightPerSession && hasRoom && !isFull(session)
    }

    @discardableResult
    mutating func send(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, isRepeated: Bool = false,
        _ actions: inout Actions
    ) -> UInt64 {
        if !pending.lingering.isEmpty { askWhetherCancellationsAreRead(besides: target.session, &actions) }
        let id = pending.makeID()
        let start = actions.bytes.count
        let token = envelope.params.metaProgressToken
        var entry = Pending(owner: .session(target))
        entry.isAlone = mustBeAlone(line, envelope)
        entry.isCall = Self.mayAsk(envelope.knownMethod)
        entry.isRepeated = isRepeated
        entry.listsTools = envelope.knownMethod == .toolsList && !configuration.denyTools.isEmpty
        if mayRepeat(envelope) { entry.repeatable = copy(line, envelope.object) }
        if envelope.knownMethod == .toolsCall {
            let place = calls.place(of: envelope.params.name.range, in: line)
            entry.call = CountedCall(place: place, sentAt: clock)
        }
        let idEdit = Edit(range: envelope.id, replacement: .number(id))
        if token.isUsableProgressToken { entry.progressToken = RawToken(line, token.range) }
        entry.task = taskRole(line, envelope)
        if needsTranslation(target) {
            if target.form.contains(.interactive), mayAnswerWithQuestion { entry.request = copy(line, envelope.object) }
            translateRequest(line, envelope, target, id: id, &actions)
        } else if token.isUsableProgressToken {
            actions.splice(line, envelope, idEdit, Edit(range: token.range, replacement: .number(id)))
        } else {
            actions.splice(line, envelope, idEdit)
        }
        pending.insert(entry, at: id)
        actions.noteSent(target, id)
        sessions.change(target.session) { state in
            state?.requests[target.id] = .sent(id)
            state?.inFlight += 1
        }
        actions.sendToBackend(target.session, from: start)
        return id
    }

    mutating func enqueue(
        _ line: Span<UInt8>, _ object: Range<Int>, of session: SessionID, _ target: ReplyTarget?,
        _ actions: inout Actions
    ) {
        var copy: [UInt8] = []
        copy.append(line, object)
        var waiting = LineQueue.Line(bytes: copy, target: target)
        if target != nil { takeTicket(&waiting) }
        sessions[session]?.queue.append(waiting)
        guard let target else { return }
        sessions[session]?.requests[target.id] = .queued
        requireBackend(&actions)
    }

    /// Sends what waits, as far as the session's allowance and the backend's room go.
    ///
    /// - Parameter isItsTurn: one request may go, whoever else waits.
    mutating func drain(_ session: SessionID, isItsTurn: Bool = false, _ actions: inout Actions) {
        guard sessions.change(session, { $0?.queue.isEmpty == false }) == true else { return }
        var isItsTurn = isItsTurn
        while backend.phase == .ready, load(of: session) < configuration.maximumInFlightPerSession,
            let line = sessions[session]?.queue.first
        {
            if line.target != nil, isFull(session) { return }
            if line.target != nil, !isItsTurn, !hasRoom { return waitForRoom(session) }
            // It was scanned when it came; the ranges were not kept.
            let envelope = try? Envelope(scanning: line.bytes.span)
            if let envelope, line.target != nil, !mayLeave(line.bytes.span, envelope, of: session, line.ticket) {
                return
            }
            sessions.change(session) { _ = $0?.queue.popFirst() }
            guard let envelope else { continue }
            if let target = line.target {
                if let error = taskRefusal(line.bytes.span, envelope, target) {
                    release(target)
                    answer(target, error, &actions)
                    continue
                }
                let id = send(line.bytes.span, envelope, target, isRepeated: line.isRepeated, &actions)
                if let leg = line.leg { pending.keep(leg.request, round: leg.round, at: id) }
                isItsTurn = false
            } else {
                relay(line.bytes.span, envelope, from: session, &actions)
            }
        }
    }

    /// Sends a notification as it came.
    func relay(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, _ actions: inout Actions
    ) {
        let start = actions.bytes.count
        actions.bytes.append(line, envelope.object)
        if envelope.hasLineBreaks { replaceLineBreaks(in: &actions.bytes, from: start) }
        actions.sendToBackend(session, from: start)
    }

    /// Something waits for the backend: asks once for a start.
    mutating func requireBackend(_ actions: inout Actions) {
        guard backend.phase == .stopped else { return }
        backend.phase = .requested
        actions.list.append(.startBackend)
    }

    /// Sends a request of the machine's own.
    ///
    /// - Parameter members: for a backend of the stateless era, who asks; empty: we do.
    mutating func sendOwn(
        _ method: String, params: String?, owner: Pending.Owner, as members: [UInt8] = [], _ actions: inout Actions
    ) -> UInt64 {
        sendOwn(method, params: params, Pending(owner: owner), as: members, &actions)
    }

    mutating func sendOwn(
        _ method: String, params: String?, _ entry: Pending, as members: [UInt8] = [], _ actions: inout Actions
    ) -> UInt64 {
        let id = pending.makeID()
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":")
        writeJSONString(method, to: &actions.bytes)
        if let params = ownParameters(params, as: members) { actions.write(",\"params\":\(params)") }
        actions.write("}")
        actions.sendToBackend(nil, from: start)
        pending.insert(entry, at: id)
        return id
    }
}
