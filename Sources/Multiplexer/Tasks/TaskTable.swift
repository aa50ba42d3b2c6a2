// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A task at the backend, and whose it is (revision 2025-11-25; extension io.modelcontextprotocol/tasks of 2026-07-28).
struct OwnedTask: Sendable, Codable {
    enum State: Sendable, Codable {
        case running
        /// It is nobody's, and its cancellation is at the backend; until that is answered it may be running.
        case abandoned
        /// It ended; what it brought may still be fetched.
        case over
        /// The backend that ran it is gone.
        case lost
    }

    /// The session whose call became the task.
    var session: SessionID
    /// That call's number at the backend: the token under which progress comes, and what questions are kept under.
    let call: UInt64
    /// The client's own token, to be put back into progress notifications.
    let progressToken: RawToken?
    var state = State.running
    /// When the session went; nil: it is there.
    var leftAt: Int64?
    /// When the backend may forget it.
    var expiry: Int64?
    /// As the backend last described it while it ran, raw; for word of its loss.
    var description: [UInt8]
}

/// The tasks of all sessions, by the id that the backend gave them.
struct TaskTable: Sendable, Codable {
    /// What is over is kept for its owner to fetch; a backend that sets no limit, and a client that fetches nothing,
    /// must not fill the memory.
    private static let keptPerSession = 1024

    private(set) var entries: [String: OwnedTask] = [:]
    /// Those that run, or may, by the number of the call.
    private(set) var byCall: [UInt64: String] = [:]
    private var pruneAt = 1024

    var isEmpty: Bool { entries.isEmpty }
    var runningCount: Int { byCall.count }

    subscript(id: String) -> OwnedTask? { entries[id] }

    /// A call became a task. A backend may use an id again when nobody can mean the old task by it any more.
    mutating func insert(_ task: OwnedTask, at id: String, now: Int64) {
        forget(id)
        entries[id] = task
        if task.state == .running || task.state == .abandoned { byCall[task.call] = id }
        if entries.count >= pruneAt { prune(now: now) }
    }

    mutating func forget(_ id: String) {
        guard let task = entries.removeValue(forKey: id) else { return }
        byCall[task.call] = nil
    }

    /// Nothing more comes of it; it stays its owner's.
    mutating func end(_ id: String, as state: OwnedTask.State = .over) {
        guard let task = entries[id] else { return }
        byCall[task.call] = nil
        entries[id]?.state = state
        entries[id]?.description = []
    }

    mutating func describe(_ id: String, _ description: [UInt8]) { entries[id]?.description = description }

    mutating func abandon(_ id: String, now: Int64) {
        entries[id]?.state = .abandoned
        entries[id]?.leftAt = now
        entries[id]?.description = []
    }

    mutating func leave(_ id: String, now: Int64) { entries[id]?.leftAt = now }

    /// The session that left it is back, under another number.
    mutating func claim(_ id: String, for session: SessionID) {
        entries[id]?.session = session
        entries[id]?.leftAt = nil
    }

    /// The ids of a session's tasks, in the order they were begun.
    func ids(of session: SessionID) -> [String] {
        entries.filter { $0.value.session == session }.sorted { $0.value.call < $1.value.call }.map(\.key)
    }

    /// Whose tasks run, as far as known.
    var runningOwners: Set<SessionID> { Set(byCall.values.compactMap { entries[$0]?.session }) }

    /// When the first task is given up, of those that nobody came back for, or that may have run out.
    func nextDeadline(grace: Int64) -> Int64? {
        entries.values.compactMap { $0.deadline(grace: grace) }.min()
    }

    private mutating func prune(now: Int64) {
        for (id, task) in entries where task.state != .running && task.expiry.map({ $0 < now }) ?? false {
            forget(id)
        }
        for session in Set(entries.values.map(\.session)) {
            let over = ids(of: session).filter { entries[$0]?.state != .running }
            for id in over.dropLast(Self.keptPerSession) { forget(id) }
        }
        pruneAt = entries.count + Self.keptPerSession
    }
}

extension OwnedTask {
    func deadline(grace: Int64) -> Int64? {
        if let leftAt { return leftAt + grace }
        return state == .running ? expiry : nil
    }
}
