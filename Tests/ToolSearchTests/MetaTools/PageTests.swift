// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// Lists that come in pages.
@Suite struct PageTests {
    /// Answers each request for a page until none comes any more, at most `limit` times.
    private func pages(_ limit: Int, _ page: (Int) -> String) -> Conversation {
        let talk = Conversation(known: false)
        talk.client(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        for number in 1...limit where talk.toServer.count == number {
            talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-\#(number)","result":\#(page(number))}"#)
        }
        return talk
    }

    @Test func aServerThatIgnoresTheCursorIsAskedTwice() {
        let talk = pages(2000) { _ in #"{"tools":[\#(Conversation.findSymbol)],"nextCursor":"more"}"# }
        #expect(talk.toServer.count == 2)
        #expect(talk.view.catalog?.entries.map(\.name) == ["find_symbol"])
        #expect(talk.toClient.count == 1 && talk.owed.isEmpty)
    }

    @Test func pagesThatGoRoundInACircleAreReadOnce() {
        let talk = pages(2000) { number in
            #"{"tools":[{"name":"t\#(number % 3)"}],"nextCursor":"c\#(number % 3)"}"#
        }
        #expect(talk.toServer.count == 4)
        #expect(talk.view.catalog?.entries.map(\.name) == ["t1", "t2", "t0"])
    }

    @Test func aListWithoutEndIsBroughtToOne() {
        let text = String(repeating: "x", count: 1 << 20)
        let talk = pages(2000) { number in
            #"{"tools":[{"name":"t\#(number)","description":"\#(text)"}],"nextCursor":"c\#(number)"}"#
        }
        let size = talk.view.catalog?.entries.reduce(0) { $0 + $1.definition.count } ?? 0
        #expect(size > ListBounds.mostBytes - (2 << 20) && size <= ListBounds.mostBytes)
        #expect(talk.toServer.count < 20 && talk.toClient.count == 1)
    }
}
