// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Requests about tasks. The backend sees one client and serves all of them alike, so that a task is its owner's is for
/// us to see to (protocol.md §2.2).
extension Multiplexer {
    /// `tasks/get`, `tasks/result`, `tasks/cancel`, `tasks/update`: of the owner only.
    mutating func handleTaskRequest(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        guard servesTasks(target, envelope.knownMethod) else {
            return answer(target, .methodNotFound(envelope.knownMethod?.rawValue ?? ""), &actions)
        }
        if let error = taskRefusal(line, envelope, target) { return answer(target, error, &actions) }
        forward(line, envelope, target, &actions)
    }

    /// `tasks/list` is answered with one page: the backend's cursors may name what is another session's.
    mutating func handleTaskList(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        guard servesTasks(target, envelope.knownMethod) else {
            return answer(target, .methodNotFound(Method.tasksList.rawValue), &actions)
        }
        guard envelope.params.cursor.isPresent else { return forward(line, envelope, target, &actions) }
        guard configuration.isMoved, asksForOtherTasks(line, envelope) else {
            let error = ErrorReply(code: .invalidParams, message: "Invalid params: this list has one page, no cursors")
            return answer(target, error, &actions)
        }
        // The session came here with that cursor, and the backend that it left has ended since.
        let first = listOfTasks(copy(line, envelope.id))
        guard let whole = try? Envelope(scanning: first.span) else { return }
        forward(first.span, whole, target, &actions)
    }

    /// Each era has tasks in its own words, and a client of one cannot follow those of the other.
    private func servesTasks(_ target: ReplyTarget, _ method: Method?) -> Bool {
        guard let handshake, target.form.contains(.modern) == (era == .modern) else { return false }
        return era == .modern ? handshake.hasTasksExtension : handshake.has("tasks") && method != .tasksUpdate
    }

    static let unknownTask = ErrorReply(
        code: .invalidParams, message: "Failed to retrieve task: Task not found")

    /// Why this session gets nothing of that task; nil: it is its own. Another's task and one that never was are told
    /// apart by nothing in the answer.
    func taskRefusal(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget
    ) -> ErrorReply? {
        switch envelope.knownMethod {
        case .tasksGet, .tasksResult, .tasksCancel, .tasksUpdate: break
        default: return nil
        }
        guard let id = TaskWords.id(in: line.extracting(envelope.params.range)), let task = tasks[id],
            task.session == target.session, task.leftAt == nil
        else { return Self.unknownTask }
        guard task.state == .lost else { return nil }
        let text = "Failed to retrieve task: the backend \(configuration.server) that ran it has ended"
        return ErrorReply(code: .invalidParams, message: text, data: ["reason": "backend_exit"])
    }

    func taskRole(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> TaskRole? {
        switch envelope.knownMethod {
        case .tasksGet, .tasksCancel, .tasksUpdate:
            TaskWords.id(in: line.extracting(envelope.params.range)).map(TaskRole.about)
        case .tasksResult: TaskWords.id(in: line.extracting(envelope.params.range)).map(TaskRole.result)
        case .tasksList: .listing(own: [], pages: 0)
        default: envelope.params.task.isPresent ? .creating : nil
        }
    }

    /// A call as a task in the words of the handshake era, from a client of the other: it could do nothing with one.
    func isForeignTask(_ envelope: borrowing Envelope, _ target: ReplyTarget) -> Bool {
        envelope.params.task.isPresent && era == .legacy && target.form.contains(.modern)
    }
}
