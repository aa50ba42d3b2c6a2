// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Testing

/// During an upgrade mcpctl and the supervisor are of different versions. The rule: what the first interface had is
/// always there; what came after may be missing or null; what is unknown is passed over, or shown as it is.
@Suite struct OtherVersionTests {
    /// A status of the first interface, member for member.
    static let first = #"""
        {"supervisor": {"version": "0.0.9", "pid": 1, "uptime_s": 1.0, "launcher": "systemd",
                        "memory": {"pss_bytes": 1}, "cgroup": "v2", "limits": {"MemoryMax": null}},
         "backends": [{
            "id": "serena-library-1f3a", "server": "serena", "repo": "/home/u/library", "share": "repo",
            "state": "ready", "unit": "app-mcp-serena.library_1f3a90c2-k7.scope", "pid": 1, "generation": 1,
            "era": "legacy", "sessions": 3, "holds": 0, "in_flight": 0, "restarts": 0,
            "memory": {"current_bytes": 1, "peak_bytes": 1, "pss_bytes": 1},
            "limits": {"MemoryHigh": null, "MemoryMax": 1073741824, "MemorySwapMax": null, "TasksMax": null},
            "started_at": "2026-11-22T12:00:00Z", "idle_since": null,
            "last_exit": {"reason": "oom", "status": 9, "at": "2026-11-22T11:00:00Z", "stderr_tail": ["words"]}}],
         "sessions": [{
            "id": "s7", "pid": 1, "client": {"name": "claude-code", "version": "2.1"}, "protocol": "2025-11-25",
            "cwd": "/home/u/library", "backend": "serena-library-1f3a", "in_flight": 0, "meta_tools": false,
            "attached_at": "2026-11-22T12:00:00Z"}],
         "savings": {"unshared_bytes": 1, "shared_bytes": 1, "method": "m"}}
        """#

    let text = VarlinkText(interfaceDescription)

    @Test func theFirstInterfaceIsStillRead() throws {
        let status = try JSONCoding.decode(StatusReply.self, from: JSONValue(parsing: Self.first))
        #expect(status.backends.first?.state.known == .ready)
        #expect(status.backends.first?.lastExit?.reason.known == .oom)
        #expect(status.backends.first?.changedTools == nil)
        #expect(status.supervisor.limitsEnforced == nil)
        #expect(status.sessions.first?.server == nil)
    }

    @Test func whatCameAfterTheFirstInterfaceIsNullable() throws {
        let document = try JSONValue(parsing: Self.first)
        let first: [String: JSONValue?] = [
            "Supervisor": document["supervisor"], "Backend": document["backends"]?.arrayValue?.first,
            "Exit": document["backends"]?.arrayValue?.first?["last_exit"],
            "Session": document["sessions"]?.arrayValue?.first, "Limits": [:],
        ]
        for (name, object) in first {
            guard case .structure(let members) = text.types[name] else {
                Issue.record("the text has no \(name)")
                continue
            }
            for member in members where object?[member.name] == nil {
                guard case .optional = member.type else {
                    Issue.record("\(name).\(member.name) came later and is not nullable")
                    continue
                }
            }
        }
    }

    /// The Swift types keep to the text: what it calls nullable may be missing as well.
    @Test func whatIsNullableMayBeMissing() throws {
        let status = try JSONCoding.encode(Samples.status)
        let declared = try #require(text.methods["Status"]).reply
        let reduced = text.withoutNullable(status, of: declared)
        #expect(reduced != status)
        #expect(throws: Never.self) { try JSONCoding.decode(StatusReply.self, from: reduced) }

        let stats = try JSONCoding.encode(Samples.stats)
        let declaredStats = try #require(text.methods["Stats"]).reply
        #expect(throws: Never.self) {
            try JSONCoding.decode(StatsReply.self, from: text.withoutNullable(stats, of: declaredStats))
        }
    }

    @Test func unknownMembersArePassedOverAndUnknownWordsKept() throws {
        let changed = Self.first
            .replacing("\"state\": \"ready\"", with: "\"state\": \"dreaming\", \"mood\": {\"a\": [1.5, null]}")
            .replacing("\"reason\": \"oom\"", with: "\"reason\": \"melted\"")
            .replacing("\"cgroup\": \"v2\"", with: "\"cgroup\": \"v3\", \"moons\": 2")
        let status = try JSONCoding.decode(StatusReply.self, from: JSONValue(parsing: changed))
        let backend = try #require(status.backends.first)
        #expect(backend.state.known == nil)
        #expect(backend.state.text == "dreaming")
        #expect(backend.lastExit?.reason.text == "melted")
        let again = try JSONCoding.encode(backend)
        #expect(again["state"] == "dreaming")
    }

    @Test func aWordMustStillBeAText() throws {
        let changed = Self.first.replacing("\"state\": \"ready\"", with: "\"state\": 7")
        #expect(throws: CodingFailure(path: "backends[0].state", reason: "expected a string, found the number 7")) {
            try JSONCoding.decode(StatusReply.self, from: JSONValue(parsing: changed))
        }
    }
}

extension VarlinkText {
    /// The value, less every member that may be null.
    func withoutNullable(_ value: JSONValue, of type: VarlinkType) -> JSONValue {
        switch (type, value) {
        case (.named(let name), _): return types[name].map { withoutNullable(value, of: $0) } ?? value
        case (.array(let element), .array(let values)): return .array(values.map { withoutNullable($0, of: element) })
        case (.structure(let fields), .object(let object)):
            var kept = JSONObject()
            for field in fields {
                if case .optional = field.type { continue }
                kept[field.name] = object[field.name].map { withoutNullable($0, of: field.type) }
            }
            return .object(kept)
        default: return value
        }
    }
}
