// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct ServerNameTests {
    @Test(arguments: [
        ("serena start-mcp-server --context ide", "serena"),
        ("/opt/bin/serena-mcp", "serena-mcp"),
        ("./server.py --verbose", "server"),
        ("uvx mcp-server-git", "mcp-server-git"),
        ("uvx mcp-server-git@2025.1", "mcp-server-git"),
        ("uvx --from git+https://git.example/oraios/serena serena start-mcp-server", "serena"),
        ("uvx --from mcp-server-fetch==1.2 fetch", "fetch"),
        ("uvx mcp-server-fetch==1.2", "mcp-server-fetch"),
        ("uv run --directory /srv/checkout mcp-time", "mcp-time"),
        ("uv --directory /srv/checkout run mcp-time.py", "mcp-time"),
        ("uv tool run mcp-time", "mcp-time"),
        ("npx -y @modelcontextprotocol/server-filesystem@latest /home/u", "server-filesystem"),
        ("npx -y pkg@1.2.3", "pkg"),
        ("npx --package=@scope/pkg@1 run-it", "run-it"),
        ("npx -p @scope/pkg run-it", "run-it"),
        ("pnpm dlx @scope/pkg", "pkg"),
        ("yarn dlx pkg", "pkg"),
        ("bunx pkg", "pkg"),
        ("python -m mcp_server_time", "mcp_server_time"),
        ("python3.12 -u -m mcp_server_time --local-timezone X", "mcp_server_time"),
        ("/usr/bin/python3 /srv/time/server.py", "server"),
        ("node /srv/fetch/index.js", "index"),
        ("node --import tsx ./src/main.ts", "main"),
        ("deno run -A main.ts", "main"),
        ("env FOO=bar BAZ=1 serena", "serena"),
        ("/usr/bin/env -S node server.mjs", "server"),
        ("docker run -i --rm mcp/fetch", "fetch"),
        ("docker run -i --rm -e GITHUB_TOKEN ghcr.example/github/github-mcp-server", "github-mcp-server"),
        ("docker run -i --rm -e A=b -v /srv:/srv --name x mcp/fetch:1.0", "fetch"),
        ("podman run --env-file /etc/env mcp/fetch", "fetch"),
        ("timeout 30 serena", "serena"),
        ("nice -n 10 serena", "serena"),
        ("bash -c 'echo hello'", "bash"),
        ("python", "python"),
        ("npx -y", "npx"),
    ])
    func aCommandIsCalledByWhatItRuns(command: String, name: String) {
        #expect(ServerName.of(command: ServerNameTests.words(command)) == name)
    }

    /// The words of a command line, with one level of single quotes.
    static func words(_ command: String) -> [String] {
        command.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
            index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
        }
    }

    @Test func noCommandIsAServerAllTheSame() {
        #expect(ServerName.of(command: []) == "server")
        #expect(ServerName.of(command: [""]) == "server")
        #expect(ServerName.of(command: ["/"]) == "_")
    }

    @Test(arguments: [
        ("serena", "serena"), ("a b/c", "a_b_c"), ("../etc", "_etc"), ("-x", "x"), ("", "server"), ("...", "server"),
        ("naïve", "na_ve"), ("日本語", "___"), ("a\r\nb", "a_b"), ("x%y\\z", "x_y_z"),
    ])
    func whatIsCleanedMayStandInUnitsAndFiles(name: String, cleaned: String) {
        #expect(ServerName.cleaned(name) == cleaned)
    }

    @Test func aLongNameIsCut() {
        #expect(ServerName.cleaned(String(repeating: "x", count: 1000)).count == 32)
    }
}
