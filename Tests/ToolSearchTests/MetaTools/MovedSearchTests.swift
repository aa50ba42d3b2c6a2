// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// A session gets a backend of its own while its requests are under way.
@Suite struct MovedSearchTests {
    private static let page = #"{"tools":[{"name":"of_its_own","inputSchema":{}}]}"#

    private func searching() -> Conversation {
        let talk = Conversation()
        talk.heldSearches = []
        talk.ranking = Ranking(hits: [Conversation.hit(0)], confidence: .high, total: 1)
        #expect(talk.call("find_tool", #"{"query":"symbol"}"#) == nil)
        #expect(talk.heldSearches?.count == 1)
        return talk
    }

    @Test func aSearchIsAnsweredFromTheNewBackendsList() throws {
        let talk = searching()
        talk.move(knowing: nil)
        #expect(talk.toServer.count == 1 && talk.toServer[0].contains("tools/list"))
        // The ranking by the former list is nobody's.
        talk.rank(try #require(talk.heldSearches?.first))
        #expect(talk.toClient.isEmpty)
        talk.heldSearches = nil
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":\#(Self.page)}"#)
        #expect(talk.toClient.count == 1)
        #expect(talk.toClient[0].contains("of_its_own") && !talk.toClient[0].contains("find_symbol"))
        #expect(talk.owed.isEmpty)
        #expect(talk.session.tally.searches == 1)
    }

    @Test func aKnownListIsSearchedAtOnce() throws {
        let talk = searching()
        talk.heldSearches = nil
        talk.move(knowing: [#"{"name":"of_its_own","inputSchema":{}}"#])
        #expect(talk.toClient.count == 1 && talk.toClient[0].contains("of_its_own"))
        #expect(talk.toServer.isEmpty && talk.owed.isEmpty)
    }

    @Test func aSearchOfABackendWithoutAListIsAnsweredToo() throws {
        let talk = searching()
        talk.view.catalog = nil
        talk.rank(try #require(talk.heldSearches?.first))
        #expect(talk.toClient.count == 1 && talk.toClient[0].contains("not available"))
        #expect(talk.owed.isEmpty)
    }

    @Test func theFormerBackendsListIsNotTakenForTheNewOnes() throws {
        let talk = Conversation(known: false)
        talk.ranking = Ranking(hits: [Conversation.hit(0)], confidence: .high, total: 1)
        _ = talk.call("find_tool", #"{"query":"symbol"}"#)
        talk.move(knowing: nil)
        #expect(talk.toServer.count == 2)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[\#(Conversation.findSymbol)]}}"#)
        #expect(talk.toClient.isEmpty)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-2","result":\#(Self.page)}"#)
        #expect(talk.toClient.count == 1 && talk.toClient[0].contains("of_its_own"))
        #expect(talk.owed.isEmpty)
    }

    @Test func nothingIsAskedForWhereNothingWaits() {
        let talk = Conversation()
        talk.move(knowing: nil)
        #expect(talk.toServer.isEmpty && talk.toClient.isEmpty)
    }

    @Test func aSearchCanBeCancelledAfterTheMove() {
        let talk = searching()
        talk.move(knowing: nil)
        talk.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":\#(Self.page)}"#)
        #expect(talk.toClient.isEmpty && talk.owed.isEmpty)
    }
}
