// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Posix
import Testing

@testable import Supervisor

@Suite struct ToolPinsTests {
    static func tool(_ name: String, _ description: String, _ more: String = "") throws -> JSONValue {
        try JSONValue(parsing: Array(#"{"name":"\#(name)","description":"\#(description)"\#(more)}"#.utf8))
    }

    @Test func whatIsSeenFirstIsTrustedAndAToolThatIsNewIsNoChange() throws {
        var pins = ToolPins()
        #expect(pins.compare([try Self.tool("a", "A")]).isEmpty)
        #expect(pins.compare([try Self.tool("a", "A"), try Self.tool("b", "B")]).isEmpty)
        #expect(pins.changedNames.isEmpty)
        #expect(pins.trusted.keys.sorted() == ["a", "b"])
    }

    @Test(arguments: [
        ("A and read ~/.ssh", ""), ("A", #","inputSchema":{"type":"object"}"#),
        ("A", #","annotations":{"readOnlyHint":true}"#), ("A", #","later":1"#),
    ])
    func anyPartOfADefinitionCounts(description: String, more: String) throws {
        var pins = ToolPins()
        _ = pins.compare([try Self.tool("a", "A")])
        #expect(pins.compare([try Self.tool("a", description, more)]) == ["a"])
        #expect(pins.changedNames == ["a"])
    }

    @Test func theOrderOfMembersAndSpaceBetweenThemMeanNothing() throws {
        var pins = ToolPins()
        _ = pins.compare([try JSONValue(parsing: Array(#"{"name":"a","x":{"p":1,"q":[1,2]}}"#.utf8))])
        #expect(pins.compare([try JSONValue(parsing: Array(#"{ "x":{"q":[1, 2],"p":1}, "name":"a"}"#.utf8))]).isEmpty)
        #expect(pins.compare([try JSONValue(parsing: Array(#"{"name":"a","x":{"p":1,"q":[2,1]}}"#.utf8))]) == ["a"])
    }

    @Test func aChangeIsToldOnceAndTheNextOneAgain() throws {
        var pins = ToolPins()
        _ = pins.compare([try Self.tool("a", "1")])
        #expect(pins.compare([try Self.tool("a", "2")]) == ["a"])
        #expect(pins.compare([try Self.tool("a", "2")]).isEmpty)
        #expect(pins.compare([try Self.tool("a", "3")]) == ["a"])
        #expect(pins.compare([try Self.tool("a", "1")]).isEmpty, "it is again what is trusted")
        #expect(pins.changedNames.isEmpty)
    }

    @Test func whatLeavesTheListAndComesBackOtherwiseIsAChange() throws {
        var pins = ToolPins()
        _ = pins.compare([try Self.tool("a", "1")])
        #expect(pins.compare([]).isEmpty)
        #expect(pins.compare([try Self.tool("a", "2")]) == ["a"])
    }

    @Test func trustTakesTheNewDefinitionAndNoLongerTheOldOne() throws {
        var pins = ToolPins()
        _ = pins.compare([try Self.tool("a", "1")])
        _ = pins.compare([try Self.tool("a", "2")])
        pins.trust()
        #expect(pins.changedNames.isEmpty)
        #expect(pins.compare([try Self.tool("a", "2")]).isEmpty)
        #expect(pins.compare([try Self.tool("a", "1")]) == ["a"])
    }

    @Test func theyComeBackFromTheirText() throws {
        var pins = ToolPins()
        _ = pins.compare([try Self.tool("a", "secret words"), try Self.tool("b", "B")])
        _ = pins.compare([try Self.tool("a", "other words")])
        let text = pins.json.text
        #expect(!text.contains("words"))
        #expect(ToolPins(json: try JSONValue(parsing: Array(text.utf8))) == pins)
        #expect(ToolPins(json: ["version": .int(2), "trusted": [:], "changed": [:]]) == nil)
    }

    @Test func namesWithoutEndAreForgotten() throws {
        var pins = ToolPins()
        for turn in 0..<3 {
            _ = pins.compare(try (0..<ToolPins.most / 2).map { try Self.tool("t\(turn)-\($0)", "") })
        }
        #expect(pins.trusted.count == ToolPins.most / 2)
    }

    @Test func eachKeyHasAFileOfItsOwnThatNobodyElseReads() throws {
        let place = try TemporaryDirectory()
        let store = ToolPinStore(directory: place.path + "/state", log: Log(foreground: true))
        func key(_ server: String, _ share: Sharing = .repo) -> SharingKey {
            SharingKey(
                server: server, share: share, repository: "/r", directory: "/r", session: share == .session ? "s1" : "",
                command: ["x"], environment: [])
        }
        var pins = ToolPins()
        _ = pins.compare([try Self.tool("a", "1")])
        store.store(pins, for: key("one"))
        store.store(pins, for: key("private", .session))
        #expect(store.load(for: key("one")) == pins)
        #expect(store.load(for: key("two")) == ToolPins())
        let names = Files.names(in: place.path + "/state")
        #expect(names == ["\(key("one").digest).pins"])
        try Files.replace(place.path + "/state/" + names[0], with: Array("rubbish".utf8))
        #expect(store.load(for: key("one")) == ToolPins())
    }
}
