// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// `find_tool` as an agent meets it.
@Suite struct FindTests {
    @Test func aHitIsALineAndTheFirstBringsItsSchema() throws {
        let talk = Conversation()
        talk.ranking = Ranking(hits: [Conversation.hit(0), Conversation.hit(2)], confidence: .high, total: 3)
        let result = try #require(talk.call("find_tool", #"{"query":"where is a function used"}"#))
        #expect(talk.searched.first?.limit == 5)
        #expect(
            result.firstText.hasPrefix(
                "find_symbol — Finds a symbol by name. (name_path: string, depth?: integer) [read-only]\n"))
        #expect(result.firstText.contains("Arguments of find_symbol: {\"type\":\"object\""))
        #expect(result.firstText.contains("Showing 2 of 3"))
        let structured = try #require(result["structuredContent"])
        #expect(structured["total"] == 3)
        #expect(structured["confidence"] == "high")
        #expect(structured["unavailable"] == [])
        let matches = structured["matches"]?.arrayValue ?? []
        #expect(matches.map { $0["name"]?.stringValue } == ["find_symbol", "list_memories"])
        #expect(matches[0]["annotations"] == ["readOnlyHint": true])
        #expect(matches[0]["inputSchema"] != nil && matches[1]["inputSchema"] == nil)
    }

    @Test func anEmptyQueryListsCategories() throws {
        let talk = Conversation()
        let result = try #require(talk.call("find_tool", #"{"query":"  "}"#))
        #expect(result.firstText.contains("memory (2): delete_memory, list_memories"))
        #expect(talk.searched.isEmpty)
    }

    @Test func anExactNameComesFirstWhateverTheRankingSays() throws {
        let talk = Conversation()
        talk.ranking = Ranking(hits: [Conversation.hit(0), Conversation.hit(2)], confidence: .low, total: 3)
        let result = try #require(talk.call("find_tool", #"{"query":"mcp__serena__delete_memory"}"#))
        #expect(result.firstText.hasPrefix("delete_memory — "))
        #expect(result["structuredContent"]?["confidence"] == "high")
    }

    @Test func nothingFoundIsNothingAndTheClosestNames() throws {
        let talk = Conversation()
        let result = try #require(talk.call("find_tool", #"{"query":"memorise this"}"#))
        #expect(result["structuredContent"]?["matches"] == [])
        #expect(result.firstText.contains("No tool of 3 matches"))
        #expect(result.firstText.contains("list_memories"))
        #expect(talk.session.tally.zeroHits == 1)
    }

    @Test(arguments: [
        ("20", 20), ("99", 20), ("0", 1), ("\"7\"", 7), ("2.9", 2), ("null", 5), ("\"many\"", 5), ("\"nan\"", 5),
        ("\"-nan(0x7)\"", 5), ("\"inf\"", 20), ("\"-inf\"", 1), ("\"1e300\"", 20), ("1e300", 20), ("-1e300", 1),
        ("1e999", 20), ("-1e999", 1),
    ])
    func theLimitIsHeldToWhatIsAllowed(asked: String, used: Int) {
        let talk = Conversation()
        _ = talk.call("find_tool", #"{"query":"x","limit":\#(asked)}"#)
        #expect(talk.searched.first?.limit == used)
    }

    @Test func pinnedToolsAreSeenAndNotFound() throws {
        var options = MetaToolOptions.on
        options.pins = ["find_symbol"]
        let talk = Conversation(options)
        talk.ranking = Ranking(hits: [Conversation.hit(0), Conversation.hit(1)], confidence: .high, total: 3)
        talk.client(#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#)
        #expect(talk.toClient[0].contains(Conversation.findSymbol))
        let result = try #require(talk.call("find_tool", #"{"query":"symbol"}"#))
        #expect(result["structuredContent"]?["matches"]?.arrayValue?.count == 1)
        #expect(result["structuredContent"]?["total"] == 2)
    }

    @Test func aModelThatSearchesWhileTheBackendIsDownIsTold() throws {
        let talk = Conversation()
        talk.ranking = Ranking(hits: [Conversation.hit(0)], confidence: .high, total: 3)
        talk.view.unavailable = "it failed repeatedly"
        let result = try #require(talk.call("find_tool", #"{"query":"symbol"}"#))
        #expect(result.firstText.contains("serena is not available now: it failed repeatedly"))
        #expect(
            result["structuredContent"]?["unavailable"] == [["server": "serena", "reason": "it failed repeatedly"]])
    }

    @Test func aListThatChangedIsAskedForBeforeTheSearch() throws {
        let talk = Conversation()
        talk.view.isFresh = false
        #expect(talk.call("find_tool", #"{"query":"new tool"}"#) == nil)
        #expect(talk.owed == ["1"])
        let asked = try #require(talk.toServer.last)
        #expect(asked == #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","method":"tools/list"}"#)
        talk.ranking = Ranking(hits: [Conversation.hit(0)], confidence: .high, total: 3)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[{"name":"brand_new","inputSchema":{}}]}}"#
        )
        #expect(talk.toClient.count == 1)
        #expect(talk.toClient[0].contains("brand_new"))
        #expect(talk.owed.isEmpty)
    }

    /// The server may have made the list before the call that the search comes after.
    @Test func aSearchDoesNotTakeAListThatWasAskedForBeforeIt() throws {
        let talk = Conversation()
        talk.view.isFresh = false
        talk.ranking = Ranking(hits: [Conversation.hit(0)], confidence: .high, total: 1)
        _ = talk.call("find_tool", #"{"query":"early"}"#)
        _ = talk.call("find_tool", #"{"query":"late"}"#)
        #expect(talk.toServer.count == 1)
        talk.isOvertaken = true
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[{"name":"old"}]}}"#)
        #expect(talk.toClient.count == 1 && talk.toClient[0].contains("old"))
        #expect(talk.toServer.count == 2 && talk.owed == ["2"])
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-2","result":{"tools":[{"name":"new"}]}}"#)
        #expect(talk.toClient.count == 2 && talk.toClient[1].contains("new"))
        #expect(talk.toServer.count == 2 && talk.owed.isEmpty)
    }

    @Test func whenTheListCannotBeHadTheOldOneIsSearched() throws {
        let talk = Conversation()
        talk.view.isFresh = false
        talk.ranking = Ranking(hits: [Conversation.hit(0)], confidence: .high, total: 3)
        _ = talk.call("find_tool", #"{"query":"symbol"}"#)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","error":{"code":-32603,"message":"serena is gone"}}"#)
        let result = try JSONValue(parsing: talk.toClient[0])["result"]
        #expect(result?.firstText.contains("find_symbol") == true)
        #expect(result?.firstText.contains("serena is gone") == true)
    }

    @Test func aWaitingSearchThatIsCancelledIsNotAnswered() {
        let talk = Conversation()
        talk.view.isFresh = false
        _ = talk.call("find_tool", #"{"query":"symbol"}"#)
        talk.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[]}}"#)
        #expect(talk.toClient.isEmpty)
        #expect(talk.toServer.count == 1)
        #expect(talk.owed.isEmpty)
    }
}
