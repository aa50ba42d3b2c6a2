// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Testing

@testable import Supervisor

@Suite struct PrivateToolsTests {
    private func read(_ text: String) throws -> Configuration {
        var configuration = Configuration()
        try configuration.add(ConfigurationTable(file: "c.toml", text: text))
        return configuration
    }

    private func key(_ command: [String], share: String? = nil, _ configuration: Configuration) throws -> SharingKey {
        try ServerCommand(
            argv: command, name: nil, share: share, environment: [], rawEnvironment: nil, configuration: configuration,
            ignored: IgnoredEnvironment()
        ).key(repository: "/home/u/library", workingDirectory: "/home/u/library", home: "/home/u", session: "7")
    }

    private func tools(
        _ command: [String], share: String? = nil, _ configuration: Configuration = Configuration()
    ) throws -> [PrivateTool] {
        let key = try key(command, share: share, configuration)
        return configuration.effective(server: key.server, repository: key.repository).privateTools(key)
    }

    @Test(arguments: [
        ["serena", "start-mcp-server"], ["/opt/serena/bin/serena", "start-mcp-server", "--project", "/home/u/library"],
        ["uvx", "--from", "git+https://example.org/serena", "serena", "start-mcp-server"],
        ["uv", "run", "--directory", "/opt/serena", "serena-mcp-server"], ["uvx", "serena-agent@2.1.0", "serve"],
        ["python3", "-m", "serena"],
    ])
    func serenaIsKnown(command: [String]) throws {
        let tools = try tools(command)
        #expect(tools.first == PrivateTool(name: "activate_project", unless: ["project": "/home/u/library"]))
        #expect(tools.contains(PrivateTool(name: "switch_modes")))
    }

    @Test func nothingIsKnownOfOthers() throws {
        #expect(try tools(["npx", "server-everything"]) == [])
        #expect(try tools(["not-serena", "serena"]) == [])
    }

    @Test func whoeverSharesWithNobodyHasNobodyToMoveAwayFrom() throws {
        #expect(try tools(["serena"], share: "session") == [])
    }

    @Test func theConfigurationGoesFirst() throws {
        let named = try read(
            """
            [server.serena]
            private_tools = ["login", "set_*", { tool = "open", unless = { path = "{repo}/a" } }]
            """)
        #expect(
            try tools(["serena"], named) == [
                PrivateTool(name: "login"), PrivateTool(name: "set_*"),
                PrivateTool(name: "open", unless: ["path": "/home/u/library/a"]),
            ])
        #expect(try tools(["serena"], read("[server.serena]\nprivate_tools = []")) == [])
    }

    @Test(arguments: [
        "private_tools = \"x\"", "private_tools = [1]", "private_tools = [{ unless = {} }]",
        "private_tools = [{ tool = \"a\", when = {} }]", "private_tools = [{ tool = \"a\", unless = \"b\" }]",
        "private_tools = [{ tool = \"a\", unless = { n = 1 } }]",
    ])
    func whatIsNoListOfToolsIsRefused(line: String) {
        #expect(throws: ConfigurationError.self) { try read("[server.a]\n\(line)") }
    }

    @Test func peopleAreToldWhichAndWhy() throws {
        let key = try key(["serena"], Configuration())
        let words = Configuration().effective(server: "serena", repository: key.repository).privateToolsInWords(key)
        #expect(
            words == "activate_project (unless project = /home/u/library), switch_modes; built in for serena")
        #expect(
            try Configuration().effective(server: "a", repository: "").privateToolsInWords(self.key(["a"], .init()))
                == nil)
    }
}

@Suite struct MovedKeyTests {
    private let shared = SharingKey(
        server: "serena", share: .repo, repository: "/r", directory: "/r", session: "", command: ["serena"],
        environment: [])
    private let session = Identity(high: 1, low: 2)

    @Test func eachSessionHasOneKeyOfItsOwn() {
        let moved = shared.moved(session)
        #expect(moved.isMoved && !shared.isMoved)
        #expect(moved == shared.moved(session), "the same for every supervisor")
        #expect(moved != shared.moved(Identity(high: 1, low: 3)))
        #expect(moved.digest != shared.digest)
        #expect(moved.shared == shared)
        #expect(moved.differences(from: shared) == ["session"])
    }

    @Test func itDoesNotTellWhoTheSessionIs() {
        #expect(!shared.moved(session).session.contains("\(session)"))
        #expect(shared.moved(session).session.count == 16)
    }

    @Test func whoeverSharesWithNobodyDoesNotMove() {
        let own = SharingKey(
            server: "serena", share: .session, repository: "/r", directory: "/r", session: "7", command: ["serena"],
            environment: [])
        #expect(!own.isMoved)
        #expect(own.shared == own)
    }
}
