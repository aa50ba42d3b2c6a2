// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A private backend is at work while a task runs, though no request is open: it must not be put to sleep in the middle.
extension Multiplexer {
    mutating func noteTaskRequest(_ id: RawToken, _ line: Span<UInt8>, _ envelope: borrowing Envelope) {
        if let role = taskRole(line, envelope) { relay?.tasks.roles[id] = role }
    }

    mutating func noteTaskAnswer(
        _ id: RawToken, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        let role = relay?.tasks.roles.removeValue(forKey: id)
        let isTask = envelope.resultParts.isTask(line)
        guard role != nil || isTask else { return }
        let result = line.extracting(envelope.result)
        switch role {
        case .listing: break
        case .result(let task):
            if !result.isEmpty { relay?.tasks.end(task) }
        case .about(let task):
            if !result.isEmpty {
                noteRelayedTask(task, result, &actions)
            } else if isUnknownTask(line.extracting(envelope.error)) {
                relay?.tasks.end(task)
            }
        case .creating, nil:
            guard !result.isEmpty, let created = TaskWords.created(in: result, era: era) else { return }
            noteRelayedTask(created.id, created.task.span, &actions)
        }
    }

    /// `notifications/tasks/status`, and `notifications/tasks` of the extension.
    mutating func noteTaskNotice(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        let params = line.extracting(envelope.params.range)
        if let id = TaskWords.id(in: params) { noteRelayedTask(id, params, &actions) }
    }

    private mutating func noteRelayedTask(_ id: String, _ described: Span<UInt8>, _ actions: inout Actions) {
        guard memberRange("status", in: described) != nil else { return }
        if TaskWords.isOver(described) { return relay?.tasks.end(id) ?? () }
        let lifetime = TaskWords.lifetime(copy(described, 0..<described.count), era: era)
        relay?.tasks.runs(id, since: clock, lifetime: lifetime)
        armRelayedTasks(&actions)
    }

    mutating func expireRelayedTasks(_ actions: inout Actions) {
        relay?.tasks.expire(now: clock)
        armRelayedTasks(&actions)
    }

    private func armRelayedTasks(_ actions: inout Actions) {
        guard let deadline = relay?.tasks.nextDeadline else { return }
        actions.list.append(.arm(.tasks, milliseconds: Int(max(deadline - clock, 0)) + 1))
    }
}
