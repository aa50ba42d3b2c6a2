// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// Requests that are nobody's to answer with a result, whatever they ask for (protocol.md §2.2).
@Suite struct RefusedRequestTests {
    private func find(_ id: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"find_tool","arguments":{"query":"x"}}}"#
    }

    @Test(arguments: ["1.5", "null", "true", #"{"a":1}"#])
    func anIdThatCannotBeAnsweredGoesToWhoRefusesIt(id: String) {
        for line in [find(id), #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#] {
            let talk = Conversation()
            talk.client(line)
            #expect(talk.toServer == [line] && talk.toClient == [])
        }
    }

    @Test func anIdThatWaitsIsNotTakenAgain() {
        let talk = Conversation(known: false)
        talk.client(find("5"))
        let asked = talk.toServer.count
        talk.client(#"{"jsonrpc":"2.0","id":5,"method":"tools/list"}"#)
        talk.client(find("5"))
        #expect(talk.toServer.count == asked)
        #expect(talk.toClient.count == 2 && talk.toClient.allSatisfy { $0.contains(#""id":5,"error":{"code":-32600"#) })
        #expect(talk.owed.count == 1)
    }

    @Test func norIsOneThatIsSearchedFor() {
        let talk = Conversation()
        talk.heldSearches = []
        talk.client(find("5"))
        talk.client(find("5"))
        #expect(talk.toClient.count == 1 && talk.toClient[0].contains("in flight"))
    }

    @Test(arguments: [#""5""#, "5"])
    func aSearchIsCancelledByItsIdAsTextToo(id: String) {
        let talk = Conversation()
        talk.heldSearches = []
        talk.client(find("5"))
        talk.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
        #expect(talk.session.searches.isEmpty && talk.owed.isEmpty && talk.toServer == [])
    }
}
