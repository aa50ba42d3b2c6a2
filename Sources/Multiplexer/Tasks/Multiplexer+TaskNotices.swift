// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the backend says and asks while a task runs, and whose that is: whoever's the task is (protocol.md §2.4, §2.5).
extension Multiplexer {
    /// The session that a task is, if it is there.
    func owner(ofTask id: String?) -> SessionID? {
        guard let task = id.flatMap({ tasks[$0] }), task.leftAt == nil, task.state != .lost else { return nil }
        return task.session
    }

    func hasTasks(_ session: SessionID) -> Bool { tasks.entries.contains { owner(ofTask: $0.key) == session } }

    /// `notifications/tasks/status`, and `notifications/tasks` of the extension.
    mutating func passTaskStatus(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        let params = line.extracting(envelope.params.range)
        guard let id = TaskWords.id(in: params), let session = owner(ofTask: id) else { return }
        copyToSession(line, envelope, session, &actions)
        noteTaskState(id, params, &actions)
    }

    /// The same in the stream of a listen. False: it is not about a task of this session.
    mutating func noteTaggedTask(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID, _ actions: inout Actions
    ) -> Bool {
        let params = line.extracting(envelope.params.range)
        guard let id = TaskWords.id(in: params), owner(ofTask: id) == session else { return false }
        noteTaskState(id, params, &actions)
        return true
    }

    /// Progress of a task goes on under the token of the call that became it.
    func passTaskProgress(
        _ call: UInt64, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ token: Envelope.Token,
        _ actions: inout Actions
    ) {
        guard let id = tasks.byCall[call], let session = owner(ofTask: id), let original = tasks[id]?.progressToken
        else { return }
        if isTooLong(envelope.object.count, for: session, &actions) { return }
        let start = actions.bytes.count
        actions.splice(line, envelope, Edit(range: token.range, replacement: .token(original)))
        actions.sendToSession(session, from: start)
    }

    /// A question that says whose it is needs no lane.
    ///
    /// - Returns: whether it is about a task; then it is dealt with.
    mutating func askTaskOwner(
        _ feature: ClientFeature, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) -> Bool {
        guard let id = TaskWords.related(line, envelope) else { return false }
        if let session = owner(ofTask: id), let task = tasks[id], task.state == .running {
            ask(session, feature, about: [task.call], line, envelope, &actions)
        } else {
            refuseQuestion(copy(line, envelope.id), feature, &actions)
        }
        return true
    }

    /// Who may see what may be about a task: its owner, and for all else see `audience`.
    mutating func audience(of line: Span<UInt8>, _ envelope: borrowing Envelope) -> [SessionID] {
        guard let task = TaskWords.related(line, envelope) else { return audience(of: line) }
        return owner(ofTask: task).map { [$0] } ?? []
    }

    func isOfTask(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        TaskWords.related(line, envelope) != nil
    }

    /// A listen's filter without tasks that are not the session's.
    func withOwnTasks(_ filter: [UInt8], of session: SessionID) -> [UInt8] {
        guard let value = try? JSONValue(parsing: filter), var params = value.objectValue,
            var wanted = params["notifications"]?.objectValue, let named = wanted["taskIds"]?.arrayValue
        else { return filter }
        let own = named.filter { owner(ofTask: $0.stringValue) == session }
        guard own.count < named.count else { return filter }
        wanted["taskIds"] = .array(own)
        params["notifications"] = .object(wanted)
        var kept: [UInt8] = []
        params.write(to: &kept)
        return kept
    }
}
