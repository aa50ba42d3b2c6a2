// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Tasks that a private backend works on, as far as its messages tell.
struct RelayTasks: Sendable, Codable {
    /// A backend that ends none must not fill the memory.
    private static let most = 1024
    /// Milliseconds for which one is believed to run of which nobody says how long it is kept.
    private static let patience: Int64 = 3_600_000

    /// Open requests that have to do with tasks.
    var roles: [RawToken: TaskRole] = [:]
    /// Until when each is believed to run.
    private var running: [String: Int64] = [:]

    var count: Int { running.count }

    /// When the first is believed to be over.
    var nextDeadline: Int64? { running.values.min() }

    mutating func runs(_ id: String, since now: Int64, lifetime: Int64?) {
        guard running[id] == nil, running.count < RelayTasks.most else { return }
        running[id] = now + (lifetime ?? RelayTasks.patience)
    }

    mutating func end(_ id: String) { running[id] = nil }

    mutating func expire(now: Int64) { running = running.filter { $0.value > now } }

    /// The process is gone, and its tasks with it; what was not sent yet waits for the next one.
    mutating func processEnded(open: (RawToken) -> Bool) {
        running = [:]
        roles = roles.filter { open($0.key) }
    }
}
