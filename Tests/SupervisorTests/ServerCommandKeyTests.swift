// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

/// From a command to the key: `{repo}`, and the directory to start in.
@Suite struct ServerCommandKeyTests {
    let place: TemporaryDirectory
    let root: String
    let below: String

    init() throws {
        place = try TemporaryDirectory()
        root = try place.directory("root")
        below = try place.directory("root/below")
        try place.file("root/below/server.py")
        try place.file("root/below/dist/index.js")
        try place.file("root/below/settings.json")
        try place.file("root/at-root.js")
    }

    func key(_ argv: [String], share: String? = nil, from directory: String? = nil, session: String = "s1") throws
        -> SharingKey
    {
        let command = try ServerCommand(
            argv: argv, name: "x", share: share, environment: [], rawEnvironment: nil, configuration: Configuration(),
            ignored: IgnoredEnvironment())
        return command.key(repository: root, workingDirectory: directory ?? below, home: "/home/u", session: session)
    }

    @Test func theRepositoryTakesThePlaceOfItsMark() throws {
        let key = try key(["serena", "--project", "{repo}", "--db={repo}/.db:{repo}", "{rep}", "{repo"])
        #expect(key.command == ["serena", "--project", root, "--db=\(root)/.db:\(root)", "{rep}", "{repo"])
    }

    @Test func sessionsAnywhereInARepositoryShare() throws {
        let elsewhere = try place.directory("root/elsewhere")
        #expect(try key(["serena", "start"]) == key(["serena", "start"], from: elsewhere, session: "s2"))
        #expect(try key(["serena", "start"]).directory == root)
    }

    @Test(arguments: [
        ["./server.py"], ["python", "server.py"], ["node", "dist/index.js"], ["serena", "--project", "."],
        ["serena", ".."], ["serena", "--config=./settings.json"], ["serena", "--config=settings.json"],
        ["serena", "--root", "dist"],
    ])
    func anArgumentThatMeansSomethingOnlyHereKeepsThePlace(argv: [String]) throws {
        #expect(try key(argv).directory == below)
    }

    @Test(arguments: [
        ["server.py"], ["node", "at-root.js"], ["serena", "--project", "/srv"], ["serena", "-v"], ["serena", ""],
        ["serena", "https://example.org/x"], ["serena", "--flag="], ["serena", "{repo}"],
    ])
    func anyOtherStartsAtTheRoot(argv: [String]) throws {
        #expect(try key(argv).directory == root)
    }

    @Test func atTheRootThereIsNoOtherPlace() throws {
        #expect(try key(["./server.py"], from: root).directory == root)
    }

    @Test func whatTheUserSharesKnowsNoRepository() throws {
        let one = try key(["serena"], share: "user")
        #expect(one.repository.isEmpty)
        #expect(one.directory == "/home/u")
        #expect(one == (try key(["serena"], share: "user", from: root, session: "s2")))
    }

    @Test func aSessionOfItsOwnSharesWithNobody() throws {
        #expect(try key(["serena"], share: "session") != key(["serena"], share: "session", session: "s2"))
        #expect(try key(["serena"], share: "repo") == key(["serena"], share: "repo", session: "s2"))
    }
}
