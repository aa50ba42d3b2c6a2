// SPDX-License-Identifier: Apache-2.0
import Control
import Testing

@Suite struct ControlPathTests {
    private func path(_ environment: [String: String], directories: Set<String> = []) -> String {
        ControlPath.socket(uid: 1000, variable: { environment[$0] }, isDirectory: directories.contains)
    }

    @Test func theVariableWins() {
        #expect(path(["MCP_SUPERVISOR_SOCKET": "/s", "XDG_RUNTIME_DIR": "/r"]) == "/s")
    }

    @Test func elseItIsBelowTheRuntimeDirectory() {
        #expect(path(["XDG_RUNTIME_DIR": "/r"]) == "/r/mcp-supervisor/io.mcpctl.Supervisor")
        #expect(path([:], directories: ["/run/user/1000"]) == "/run/user/1000/mcp-supervisor/io.mcpctl.Supervisor")
    }

    @Test func elseInADirectoryOfOnesOwn() {
        #expect(path([:]) == "/tmp/mcp-supervisor-1000/io.mcpctl.Supervisor")
        #expect(path(["MCP_SUPERVISOR_SOCKET": "", "XDG_RUNTIME_DIR": ""]) == path([:]))
    }
}
