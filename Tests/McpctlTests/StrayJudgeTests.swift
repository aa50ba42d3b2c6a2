// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import mcpctl

/// What is ended cannot be brought back: each sign that somebody owns a server is enough.
@Suite struct StrayJudgeTests {
    static let stray = ProcessFacts(
        pid: 7, isOurUser: true, isInOurNamespace: true, parentName: "systemd",
        arguments: ["/usr/bin/python3.11", "-m", "mcp_server_git"], unit: "session-2.scope", isMarked: false)

    @Test func aServerWhoseParentIsGoneIsOne() { #expect(StrayJudge.server(Self.stray) == "mcp_server_git") }

    @Test(
        arguments: [
            { $0.isOurUser = false }, { $0.isInOurNamespace = false }, { $0.isMarked = true }, { $0.isMarked = nil },
            { $0.parentName = "claude" }, { $0.parentName = nil }, { $0.unit = "git-mcp.service" },
            { $0.arguments.append("--port=80") }, { $0.arguments = ["vim", "mcp_server_git"] },
        ] as [@Sendable (inout ProcessFacts) -> Void])
    func inDoubtItIsNone(change: @Sendable (inout ProcessFacts) -> Void) {
        var facts = Self.stray
        change(&facts)
        #expect(StrayJudge.server(facts) == nil)
    }
}
