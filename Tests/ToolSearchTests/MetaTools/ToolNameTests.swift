// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// Which tool a name means that is not written as the server writes it.
@Suite struct ToolNameTests {
    private func catalog(_ server: String, _ names: String...) -> ToolCatalog {
        ToolCatalog(server: server, definitions: names.map { Array(#"{"name":"\#($0)","inputSchema":{}}"#.utf8) })
    }

    @Test(arguments: [
        "mcp__git__commit", "mcp__somebodys_own_name__commit", "git_commit", "git__commit", "git.commit", "git/commit",
        "git:commit", "git-commit", "Git.commit", "mcp_git_commit", "Commit", "COM-MIT", "mcp__git__Commit",
    ])
    func whatClientsPutInFrontIsTakenOff(name: String) {
        let found = catalog("git", "commit", "status").resolve(name)
        #expect(found?.entry.name == "commit" && found?.isExact == false)
    }

    @Test(arguments: [
        "undo_commit", "no.commit", "dry-run:commit", "gitcommit", "mcp__commit", "mcp__git__undo_commit",
        "svn_commit", "my_git_commit", "git_undo_commit", "git_", "mcp__git__", "commit!", "", "_", "__", ".",
    ])
    func noOtherToolIsCalled(name: String) { #expect(catalog("git", "commit", "_.-", "?").resolve(name) == nil) }

    @Test func aWholeNameGoesBeforeAPartOfIt() {
        let tools = catalog("git", "commit", "Git-Commit")
        #expect(tools.resolve("git_commit")?.entry.name == "Git-Commit")
        #expect(catalog("git", "commit", "mcp__x__commit").resolve("mcp__x__commit")?.isExact == true)
    }

    @Test func aServersNameMayHaveSeparators() {
        let tools = catalog("my-server", "read")
        #expect(tools.resolve("mcp__my_server__read")?.entry.name == "read")
        #expect(tools.resolve("my_server.read")?.entry.name == "read")
        #expect(catalog("my  server", "read").resolve("mcp__my__server__read")?.entry.name == "read")
        #expect(catalog("my__server", "read").resolve("mcp__my__server__read")?.entry.name == "read")
    }

    @Test func whatCouldBeTwoIsNone() { #expect(catalog("git", "add_all", "add-all").resolve("addAll") == nil) }

    @Test(arguments: [
        ("Reads a file. Not more.", "Reads a file."), ("Use it, e.g. for this. Or not.", "Use it, e.g. for this."),
        ("  Two   words ", "Two words"), (String(repeating: "x", count: 160), String(repeating: "x", count: 160)),
        (String(repeating: "x", count: 160) + " ", String(repeating: "x", count: 160)),
        (String(repeating: "x", count: 159) + " y", String(repeating: "x", count: 159) + "…"),
        (String(repeating: "x", count: 161), String(repeating: "x", count: 159) + "…"),
    ])
    func theFirstSentenceIsShownAndNotTooMuchOfIt(text: String, shown: String) {
        #expect(FirstSentence.of(text) == shown)
    }

    /// Each "e.g." was looked for in all that came before: 80 KB took most of a minute, and nobody was served meanwhile.
    @Test(.timeLimit(.minutes(1)))
    func aDescriptionWithoutAnEndIsSoonRead() {
        let text = String(repeating: "e.g. ", count: 100_000)
        #expect(FirstSentence.of(text).count == 160)
    }

    /// Took minutes when every separator was tried.
    @Test(.timeLimit(.minutes(1)))
    func aNameOfAMegabyteIsSoonRefused() throws {
        for letter in ["_", "e\u{301}", "\u{301}"] {
            let name = String(repeating: letter, count: 1_000_000)
            let talk = Conversation()
            let result = try #require(talk.call("call_tool", #"{"name":"\#(name)","arguments":{}}"#))
            #expect(result["isError"] == true && result.firstText.utf8.count < 1000)
            _ = talk.call("find_tool", #"{"query":"\#(name)"}"#)
            #expect(talk.call("describe_tool", #"{"name":"\#(name)"}"#)?["isError"] == true)
            #expect(talk.toServer.isEmpty)
        }
    }
}
