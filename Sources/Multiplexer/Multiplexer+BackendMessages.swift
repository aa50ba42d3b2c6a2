// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the backend sends, sorted.
extension Multiplexer {
    mutating func handleFromBackend(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        switch envelope.kind {
        case .response:
            backend.hasSpoken = true
            handleResponse(line, envelope, now: now, &actions)
        case .notification:
            backend.hasSpoken = true
            handleBackendNotification(line, envelope, now: now, &actions)
        case .request:
            backend.hasSpoken = true
            if askCaller(line, envelope, now: now, &actions) { return }
            handleBackendRequest(line, envelope, &actions)
        case .invalid: handleInvalidFromBackend(line, envelope, now: now, &actions)
        }
    }

    private mutating func handleResponse(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        guard let id = ownID(line, envelope.id), let entry = pending.remove(id) else {
            return actions.log(.debug, "the backend answered a request that is not open, ignoring")
        }
        if !pending.lingering.isEmpty { noteCancellationsRead(by: entry.owner, id, now: now) }
        guard entry.cancelledAt == nil else {
            noteLateAnswer(of: entry, envelope)
            return cancelUnowned(id, entry, line, envelope, &actions)
        }
        defer { drainAll(&actions) }
        switch entry.owner {
        case .session(let target):
            if !slowReaders.isEmpty { releaseProgress(of: id, in: target.session, &actions) }
            settleSent(target)
            if concernsTasks(entry, line, envelope),
                noteTaskAnswer(id, entry, target, line, envelope, &actions)
            {
                return finishSession(target.session, now: now, &actions)
            }
            if tasks.byCall[id] == nil { withdrawQuestions(of: id, &actions) }
            count(entry, isError: !envelope.error.isEmpty, now: now)
            if !envelope.error.isEmpty {
                noteElicitations(inError: line.extracting(envelope.error), of: target.session)
            }
            if entry.listsTools {
                passTools(line, envelope, of: entry, to: target, &actions)
            } else {
                passOn(line, envelope, of: entry, to: target, &actions)
            }
            finishSession(target.session, now: now, &actions)
        case .local(let token): replyLocally(token, line, envelope, &actions)
        case .start(let tool): finishStartCall(tool, line, envelope, &actions)
        case .handshake: finishHandshake(line, envelope, now: now, &actions)
        case .list(let key):
            finishFetch(id, key, line, envelope, now: now, &actions)
            finishAllInputEnds(now: now, &actions)
        case .subscription(let uri):
            finishSubscription(uri, line, envelope, &actions)
            finishAllInputEnds(now: now, &actions)
        case .listen, .changes, .resource: finishStream(id, entry.owner, line, envelope, now: now, &actions)
        case .held(let session, let handle): finishHeldCall(handle, of: session, copy(line, envelope.object), &actions)
        case .nobody: finishOwnQuestion(entry, line, envelope, &actions)
        case .marker, .lost: break
        }
    }

    /// A session's answer has come: what waited for it goes.
    private mutating func finishSession(_ session: SessionID, now: Int64, _ actions: inout Actions) {
        drain(session, &actions)
        finishInputEnd(session, now: now, &actions)
    }

    /// A request at the backend is over; its answer follows.
    mutating func settleSent(_ target: ReplyTarget) {
        let last = pending.lastID
        sessions.change(target.session) { state in
            state?.inFlight -= 1
            state?.lastAnswerAt = last
            state?.requests[target.id] = nil
            if target.form.contains(.modern) { state?.requestLevels[target.id] = nil }
        }
    }

    private mutating func count(_ entry: Pending, isError: Bool, now: Int64) {
        guard let call = entry.call else { return }
        calls.count(at: call.place, milliseconds: max(0, now - call.sentAt), isError: isError)
    }

    /// An id or token of ours as it comes back: a number, or a string with that number in it.
    func ownID(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var range = range
        if range.count > 2, line[range.lowerBound] == UInt8(ascii: "\"") {
            range = range.lowerBound + 1..<range.upperBound - 1
        }
        guard !range.isEmpty, range.count <= 16 else { return nil }
        var value: UInt64 = 0
        for index in range {
            let digit = line[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + UInt64(digit)
        }
        return value
    }

    /// JSON, but no message. One with the id of an open request must not leave its sender waiting.
    private mutating func handleInvalidFromBackend(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        guard envelope.fault != .noVersion, envelope.methodKind == nil, let id = ownID(line, envelope.id),
            let entry = pending.entries[id], entry.cancelledAt == nil
        else { return countGarbage(line, &actions) }
        fail(
            id, .failure("\(configuration.server) sent a malformed response", reason: "bad_response"), now: now,
            &actions)
    }

    /// Answers a request at the backend with an error of ours; whatever still comes for it is dropped.
    mutating func fail(_ id: UInt64, _ error: ErrorReply, now: Int64, _ actions: inout Actions) {
        guard let entry = pending.remove(id) else { return }
        defer { drainAll(&actions) }
        switch entry.owner {
        case .session(let target):
            settleSent(target)
            count(entry, isError: true, now: now)
            answer(target, error, &actions)
            drain(target.session, &actions)
        case .local(let token): replyLocally(token, error, &actions)
        case .start(let tool): complainOfStartCall(tool, error.message, &actions)
        case .handshake: failStart(error.message, &actions)
        case .list(let key):
            doubt(key, askedBy: id, &actions)
            failFetch(id, key, error, &actions)
        case .subscription(let uri): failSubscription(uri, error, &actions)
        case .listen, .changes, .resource: failStream(id, entry.owner, error, &actions)
        case .held(let session, let handle): failHeldCall(handle, of: session, error, &actions)
        case .nobody: forgetAbandoned(entry)
        case .marker, .lost: break
        }
        finishAllInputEnds(now: now, &actions)
        drainAll(&actions)
    }
}

// MARK: - Requests of the backend

extension Multiplexer {
    /// On stdio nothing says which session a request is about (protocol.md §2.4); what belongs to no caller is ours.
    private func handleBackendRequest(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        actions.bytes.append(line, envelope.id)
        actions.write(",")
        switch envelope.knownMethod {
        case .ping: actions.write("\"result\":{}")
        case .rootsList where configuration.declaresRoots:
            actions.write("\"result\":\(rootsResult.text)")
        default:
            let method = String(repairing: line.extracting(envelope.method))
            ErrorReply.methodNotFound(String(method.prefix(100))).write(to: &actions.bytes)
        }
        actions.write("}")
        actions.sendToBackend(nil, from: start)
    }
}
