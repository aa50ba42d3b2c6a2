// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// A second `initialize`: what was asked before it is over.
@Suite struct RestartTests {
    private static let initialize =
        #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{}}}"#
    private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
    private static let find =
        #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"find_tool","arguments":{"query":"a symbol"}}}"#

    @Test func whatWaitsForTheListIsNotAnsweredAndTheNextListIsAskedForAnew() {
        let talk = Conversation(known: false)
        talk.client(Self.list)
        talk.client(Self.find)
        #expect(talk.owed.count == 2 && talk.toServer.count == 1)
        talk.client(Self.initialize)
        #expect(talk.owed == [])
        #expect(talk.toServer.last == Self.initialize)
        talk.client(Self.list)
        #expect(talk.toServer.last?.contains("tools/list") == true, "the first answer never comes")
        #expect(talk.toClient == [])
    }

    @Test func aSearchUnderWayIsNotAnswered() throws {
        let talk = Conversation()
        talk.heldSearches = []
        talk.client(Self.find)
        talk.client(Self.initialize)
        #expect(talk.owed == [])
        talk.rank(try #require(talk.heldSearches?.first))
        #expect(talk.toClient == [])
    }

    @Test func aBatchIsNotAnswered() {
        let talk = Conversation()
        talk.view.takesBatches = true
        talk.client("[\(Self.list),{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"prompts/list\"}]")
        #expect(talk.toClient == [])
        talk.client(Self.initialize)
        talk.client(#"{"jsonrpc":"2.0","id":4,"method":"tools/list"}"#)
        #expect(talk.toClient.count == 1 && talk.toClient[0].hasPrefix(#"{"jsonrpc":"2.0","id":4"#))
    }
}
