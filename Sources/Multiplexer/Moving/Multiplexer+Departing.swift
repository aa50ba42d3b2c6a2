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
        sessions[target.session]?.departure = Departure(call: copy(line, envelope.object), target.id)
        moves.departing.insert(target.session)
        // Before its handshake is answered there is nothing that another backend could go on with.
        if sessions[target.session]?.phase != .awaitingHandshake { actions.list.append(.move(target.session)) }
        return true
    }

    func toolError(_ text: String) -> String {
        let result: JSONValue = ["content": [["type": "text", "text": .string(text)]], "isError": true]
        return result.text
    }

    /// A line of a session that departs.
    ///
    /// - Returns: false when it belongs to what is under way here.
    mutating func divert(
        _ line: Span<UInt8>, from session: SessionID, now: Int64, _ actions: inout Actions
    ) -> Bool {
        guard let departure = sessions[session]?.departure else { return false }
        let envelope = try? Envelope(scanning: line)
        if let envelope, isOfIDInFlight(line, envelope, session) { return false }
        if let envelope, envelope.kind == .request, envelope.knownMethod == .initialize, envelope.hasUsableID {
            return beginAnew(line, of: session, departure, now: now, &actions)
        }
        if let envelope, staysHere(line, envelope, session, departure) { return false }
        if departure.hasLeft {
            if let envelope, asksForOtherTasks(line, envelope) {
                handOn(listOfTasks(copy(line, envelope.id)), of: session, &actions)
            } else {
                handOn(whole(line), of: session, &actions)
            }
        } else {
            if let envelope, isRefused(line, envelope, session, &actions) { return true }
            var mustWait = false
            if let envelope { mustWait = takesBack(line, envelope, session) }
            guard mustWait || !isQueueFull(session) else {
                // Requests are refused by now, but for those of a batch: each of them is to be answered, too.
                guard envelope != nil else { return false }
                actions.log(.notice, "session \(session): its queue is full while it moves: left a notification out")
                return true
            }
            let waiting = whole(line)
            sessions[session]?.departure?.hold(waiting)
        }
        return true
    }

    /// Refuses a request for which there is no room, or whose id is that of one that waits.
    private mutating func isRefused(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID, _ actions: inout Actions
    ) -> Bool {
        guard envelope.kind == .request, envelope.hasUsableID else { return false }
        let target = ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: 0)
        actions.noteOpened(target)
        guard !isQueueFull(session) else {
            answer(target, queueIsFull, &actions)
            return true
        }
        guard sessions[session]?.departure?.heldIDs.insert(target.id).inserted == false else { return false }
        answer(target, .invalid("Invalid request: a request with this id is in flight"), &actions)
        return true
    }

    /// Whether it cancels a request that waits: however full the queue is, that must not be lost.
    private mutating func takesBack(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID
    ) -> Bool {
        guard envelope.knownMethod == .cancelled, envelope.kind == .notification else { return false }
        let id = RawToken(line, envelope.params.requestID.range)
        return sessions[session]?.departure?.heldIDs.remove(id) != nil
    }

    /// One that is refused here: the other backend does not know what is under way at this one.
    private func isOfIDInFlight(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID) -> Bool {
        guard envelope.kind == .request else { return false }
        return sessions[session]?.requests[RawToken(line, envelope.id)] != nil
    }

    /// The client shakes hands again: nothing of what it did before is wanted any more.
    private mutating func beginAnew(
        _ line: Span<UInt8>, of session: SessionID, _ departure: Departure, now: Int64, _ actions: inout Actions
    ) -> Bool {
        if departure.hasLeft {
            handOn(whole(line), of: session, &actions)
            letGo(session, now: now, &actions)
        } else {
            if isMoving(session) { actions.list.append(.stay(session)) }
            forgetDeparture(of: session, &actions)
            sessions[session]?.departure = nil
        }
        return departure.hasLeft
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
            } else if envelope.knownMethod == .ping {
                !departure.hasLeft
            } else {
                concernsOurTask(line, envelope, session)
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

    /// A task runs where it was begun, and its session has it there.
    private func concernsOurTask(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID) -> Bool {
        switch envelope.knownMethod {
        case .tasksGet, .tasksResult, .tasksCancel, .tasksUpdate:
            TaskWords.id(in: line.extracting(envelope.params.range)).map { owner(ofTask: $0) == session } ?? false
        case .tasksList: !envelope.params.cursor.isPresent && hasTasks(session)
        default: false
        }
    }

    /// The tasks of a session that has left are on two backends: those that it left here are the list's first page, and
    /// the page behind our cursor is what the other backend says.
    static let cursorOfOtherTasks = "mcp-supervisor:moved"

    func asksForOtherTasks(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        guard envelope.kind == .request, envelope.knownMethod == .tasksList else { return false }
        return String(token: envelope.params.cursor.range, of: line) == Self.cursorOfOtherTasks
    }

    func listOfTasks(_ id: [UInt8]) -> [UInt8] {
        "{\"jsonrpc\":\"2.0\",\"id\":".utf8 + id + ",\"method\":\"\(Method.tasksList.rawValue)\"}".utf8
    }

    private func isQuestion(_ line: Span<UInt8>, _ id: Range<Int>, of session: SessionID) -> Bool {
        ownID(line, id).flatMap { questions.entries[$0] }?.session == session
    }

    /// As it came: with its line breaks replaced, what is no message might become one.
    private func whole(_ line: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(line, 0..<line.count)
        return bytes
    }

    /// To the machine of the other backend.
    func handOn(_ line: [UInt8], of session: SessionID, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.bytes.append(contentsOf: line)
        actions.list.append(.handOn(session, start..<actions.bytes.count))
    }
}
