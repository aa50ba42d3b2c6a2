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

    @Test(arguments: [
        ("docker run -e GITHUB_MCP_TOKEN=ghp_secret ghcr.io/github/github-mcp-server", "github-mcp-server"),
        ("uvx proxy https://user:pw@host/mcp", nil), ("npx proxy https://mcp.example.com?key=SECRET", nil),
        ("npx @modelcontextprotocol/server-git?key=SECRET", nil), ("npx proxy user:pw@host/mcp", nil),
        ("npx proxy --token mcp_abc", nil), ("uvx --api-key mcp-1a2b git-mcp", "git-mcp"),
        ("npx -y @acme/mcp-server@1.2", "@acme/mcp-server@1.2"),
        ("npx -y @modelcontextprotocol/server-git", "@modelcontextprotocol/server-git"),
        ("node /home/me@work/node_modules/git-mcp/index.js /srv/git-mcp", "git-mcp"),
    ])
    func whatMayHoldASecretIsNotItsName(line: String, name: String?) {
        #expect(StrayJudge.server(arguments: line.split(separator: " ").map(String.init)) == name)
    }
}
