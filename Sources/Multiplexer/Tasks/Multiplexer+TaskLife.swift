// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Sessions leave their tasks, and backends theirs (protocol.md §2.7 d, e).
extension Multiplexer {
    /// How long a session that is gone may take to come back to its tasks.
    static let taskGrace: Int64 = 60_000

    /// The session is gone, and may be back in a moment: its tasks run on. Nobody answers their questions.
    mutating func leaveTasks(of session: SessionID, now: Int64, _ actions: inout Actions) {
        guard !tasks.isEmpty else { return }
        let left = tasks.ids(of: session).filter { tasks[$0]?.leftAt == nil }
        for id in left {
            guard let task = tasks[id] else { continue }
            if task.state == .lost { tasks.forget(id) } else { tasks.leave(id, now: now) }
            forgetQuestions(of: task.call, &actions)
        }
        if !left.isEmpty { armTasks(&actions) }
    }

    /// The session begins anew and knows of none.
    mutating func giveUpTasks(of session: SessionID, _ actions: inout Actions) {
        guard !tasks.isEmpty else { return }
        for id in tasks.ids(of: session) where tasks[id]?.leftAt == nil { giveUpTask(id, &actions) }
    }

    /// What the shim kept of a session's tasks. Only what nobody has is its own again: after a crash of the supervisor
    /// that is all that was, at a backend that outlived it.
    mutating func claimTasks(_ ids: [String], for session: SessionID, _ actions: inout Actions) {
        for (number, id) in ids.enumerated() {
            if let task = tasks[id] {
                if task.leftAt != nil, task.state != .abandoned { tasks.claim(id, for: session) }
            } else if backend.phase == .ready {
                // Its call was another process's; a number of our own stands for it, in the order of the tasks.
                let task = OwnedTask(
                    session: session, call: pending.makeID(), progressToken: nil, state: .running, leftAt: nil,
                    expiry: clock + Self.unknownLifetime + Int64(number), description: [])
                tasks.insert(task, at: id, now: clock)
            }
        }
        armTasks(&actions)
    }

    /// How long a task is believed to run whose lifetime is not known any more.
    private static let unknownLifetime: Int64 = 3_600_000

    mutating func armTasks(_ actions: inout Actions) {
        guard let deadline = tasks.nextDeadline(grace: Self.taskGrace) else { return }
        actions.list.append(.arm(.tasks, milliseconds: Int(max(deadline - clock, 0)) + 1))
    }

    /// Nobody came back for them; or they have run out.
    mutating func expireTasks(now: Int64, _ actions: inout Actions) {
        clock = now
        if relay != nil { return expireRelayedTasks(&actions) }
        for (id, task) in tasks.entries.sorted(by: { $0.value.call < $1.value.call }) {
            guard let deadline = task.deadline(grace: Self.taskGrace), deadline <= now else { continue }
            if task.leftAt == nil { endTask(id, &actions) } else { giveUpTask(id, &actions) }
        }
        armTasks(&actions)
    }

    private mutating func giveUpTask(_ id: String, _ actions: inout Actions) {
        guard let task = tasks[id] else { return }
        if task.state == .running { abandonTask(id, &actions) } else { tasks.forget(id) }
        forgetQuestions(of: task.call, &actions)
    }

    /// The backend is gone, and its tasks with it: their owners are told, now and when they ask.
    mutating func loseTasks(_ error: ErrorReply, _ actions: inout Actions) {
        for (id, task) in tasks.entries.sorted(by: { $0.value.call < $1.value.call }) {
            guard task.leftAt == nil else {
                tasks.forget(id)
                continue
            }
            if task.state == .running, era == .legacy { tellOfLoss(task, error, &actions) }
            tasks.end(id, as: .lost)
        }
    }

    /// When the backend last said something of it is when it was last updated: there is no clock here.
    private func tellOfLoss(_ task: OwnedTask, _ error: ErrorReply, _ actions: inout Actions) {
        guard var params = (try? JSONValue(parsing: task.description))?.objectValue else { return }
        params["_meta"] = nil
        params["status"] = "failed"
        params["statusMessage"] = .string(error.message)
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"\(Method.taskStatus.rawValue)\",\"params\":")
        params.write(to: &actions.bytes)
        actions.write("}")
        actions.sendToSession(task.session, from: start)
    }
}
