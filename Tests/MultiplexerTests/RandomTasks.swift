// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The tasks of a random backend, whose names begin anew with each process. Each says whose call it came of.
struct RandomTasks {
    struct Entry {
        let owner: String
        let token: String?
        var status = "working"

        var isOver: Bool { status != "working" }
    }

    static let names = (1...6).map { "t\($0)" }

    private(set) var entries: [String: Entry] = [:]
    private var last = 0

    /// Makes a task of a call; an old one of the same name that is over goes. Nil: all names are taken.
    mutating func begin(owner: String, token: String?) -> String? {
        for _ in Self.names {
            last += 1
            let name = Self.names[last % Self.names.count]
            guard entries[name]?.isOver ?? true else { continue }
            entries[name] = Entry(owner: owner, token: token)
            return "{\"task\":\(describe(name))}"
        }
        return nil
    }

    func describe(_ name: String) -> String {
        let entry = entries[name]
        let status = "\"status\":\"\(entry?.status ?? "")\",\"createdAt\":\"c\",\"lastUpdatedAt\":\"u\",\"ttl\":null"
        return "{\"taskId\":\"\(name)\",\(status),\"for\":[\(entry?.owner ?? "")]}"
    }

    /// What a request about a task is answered with: a member `result` or `error`.
    mutating func answer(_ method: String, _ name: String) -> String {
        if method == "tasks/list" {
            let all = entries.keys.sorted().map(describe).joined(separator: ",")
            return "\"result\":{\"tasks\":[\(all)]}"
        }
        guard let entry = entries[name] else { return #""error":{"code":-32602,"message":"Task not found"}"# }
        if method == "tasks/cancel", !entry.isOver { entries[name]?.status = "cancelled" }
        if method == "tasks/result", !entry.isOver { entries[name]?.status = "completed" }
        return "\"result\":\(describe(name))"
    }

    mutating func end(_ name: String) { entries[name]?.status = "failed" }

    mutating func randomRunning(using generator: inout SeededGenerator) -> (name: String, entry: Entry)? {
        let running = entries.filter { !$0.value.isOver }.sorted { $0.key < $1.key }
        return running.randomElement(using: &generator).map { ($0.key, $0.value) }
    }
}
