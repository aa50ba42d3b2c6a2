// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// Arrays of messages, which clients of revision 2025-03-26 may send.
@Suite struct BatchedCallTests {
    static func talk() -> Conversation {
        let talk = Conversation()
        talk.view.takesBatches = true
        return talk
    }

    /// The ids of the one array that the client got.
    static func answers(_ talk: Conversation) throws -> [JSONValue] {
        #expect(talk.toClient.count == 1)
        let line = try #require(talk.toClient.first)
        return try #require(JSONValue(parsing: line).arrayValue)
    }

    static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
    static let find =
        #"{"jsonrpc":"2.0","id":"f","method":"tools/call","params":{"name":"find_tool","arguments":{"query":"x"}}}"#
    static let through =
        #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"call_tool","arguments":"#
        + #"{"name":"list_memories","arguments":{}}}}"#
    static let ping = #"{"jsonrpc":"2.0","id":4,"method":"ping"}"#

    @Test func aBatchSeesTheMetaToolsAndItsAnswersLeaveTogether() throws {
        let talk = Self.talk()
        talk.client("[\(Self.list), \(Self.find),\(Self.through),\(Self.ping)]")
        #expect(talk.toClient.isEmpty)
        #expect(talk.toServer.count == 2)
        #expect(talk.toServer[0].contains(#""name":"list_memories""#) && talk.toServer[1] == Self.ping)
        talk.server(#"{"jsonrpc":"2.0","id":4,"result":{}}"#)
        // What has nothing to do with the batch is not kept back.
        talk.server(#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#)
        talk.server(#"{"jsonrpc":"2.0","id":9,"result":{}}"#)
        #expect(talk.toClient.count == 2)
        talk.toClient = []
        talk.server(#"{"jsonrpc":"2.0","id":3,"result":{"content":[]}}"#)
        let answers = try Self.answers(talk)
        #expect(Set(answers.compactMap { $0["id"]?.text }) == ["1", "\"f\"", "3", "4"])
        let tools = answers.first { $0["id"]?.text == "1" }?["result"]?["tools"]?.arrayValue
        #expect(tools?.compactMap { $0["name"]?.stringValue } == ["find_tool", "describe_tool", "call_tool"])
        #expect(talk.owed.isEmpty)
    }

    @Test func whatIsAnsweredHereLeavesAtOnce() throws {
        let talk = Self.talk()
        talk.client("[\(Self.list),\(Self.find)]")
        #expect(try Self.answers(talk).count == 2)
        #expect(talk.toServer.isEmpty && talk.owed.isEmpty && talk.session.batches.isEmpty)
    }

    @Test func theLineStaysBelowTheClientsLimit() throws {
        let talk = Self.talk()
        talk.view.lineLimit = 2 << 20
        let calls = (1...3).map { Self.ping.replacing("4", with: "\($0)") }
        talk.client("[\(calls.joined(separator: ","))]")
        let text = String(repeating: "x", count: 900_000)
        for id in 1...3 { talk.server(#"{"jsonrpc":"2.0","id":\#(id),"result":{"x":"\#(text)"}}"#) }
        #expect(talk.toClient[0].utf8.count < 2 << 20)
        let answers = try Self.answers(talk)
        #expect(answers.map { $0["id"]?.intValue } == [1, 2, 3])
        #expect(answers[1]["result"] != nil)
        #expect(answers[2]["error"]?["data"]?["reason"] == "oversize_result")
    }

    @Test func anIdThatIsCancelledAsTextIsTheNumber() throws {
        let talk = Self.talk()
        talk.client("[\(Self.through),\(Self.ping)]")
        talk.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"3"}}"#)
        talk.server(#"{"jsonrpc":"2.0","id":4,"result":{}}"#)
        #expect(try Self.answers(talk).map { $0["id"]?.intValue } == [4])
    }

    @Test func whatIsNoMessageIsAnsweredInItsPlace() throws {
        let talk = Self.talk()
        talk.client("[7,\(Self.list)]")
        let answers = try Self.answers(talk)
        #expect(answers.count == 2 && answers[0]["error"]?["code"]?.intValue == -32600)
    }

    @Test func aCancelledMessageHoldsNobodyUp() throws {
        let talk = Self.talk()
        talk.client("[\(Self.through),\(Self.ping)]")
        talk.server(#"{"jsonrpc":"2.0","id":4,"result":{}}"#)
        #expect(talk.toClient.isEmpty)
        talk.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#)
        #expect(try Self.answers(talk).count == 1)
        #expect(talk.toServer.last?.contains("notifications/cancelled") == true)
    }

    @Test func notificationsAloneGetNoAnswer() {
        let talk = Self.talk()
        talk.client(#"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#)
        #expect(talk.toServer.count == 1 && talk.toClient.isEmpty && talk.session.batches.isEmpty)
    }

    /// The multiplexer says what is wrong with these.
    @Test(arguments: ["[]", "[", #"[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}]"#])
    func whatIsRefusedAsAWholePasses(line: String) {
        let talk = Self.talk()
        talk.client(line)
        #expect(talk.toServer == [line])
    }

    @Test func otherRevisionsHaveNoBatches() {
        let talk = Conversation()
        talk.client("[\(Self.list)]")
        #expect(talk.toServer == ["[\(Self.list)]"])
    }
}
