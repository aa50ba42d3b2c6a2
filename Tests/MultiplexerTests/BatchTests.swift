// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct BatchTests {
    @Test func answersOfABatchComeAsOneArrayWhenAllAreThere() {
        var bench = Bench()
        bench.connect(1, version: "2025-03-26")
        bench.client(
            1,
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"}, {"jsonrpc":"2.0","id":"b","method":"vendor/x"},{"jsonrpc":"2.0","method":"vendor/note"},7,{"jsonrpc":"2.0","id":3,"method":"vendor/y"}]"#
        )
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":2,"method":"vendor/x"}"#, #"{"jsonrpc":"2.0","method":"vendor/note"}"#,
                #"{"jsonrpc":"2.0","id":3,"method":"vendor/y"}"#,
            ])
        bench.backend(#"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        #expect(bench.take(1).isEmpty)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        let replies = bench.take(1)
        #expect(replies.count == 1)
        let elements = replies.first.flatMap { try? JSONValue(parsing: $0) }?.arrayValue ?? []
        #expect(elements.map { $0["id"] } == [1, nil, 3, "b"].map { $0 as JSONValue? ?? .null })
    }

    @Test func cancelledRequestIsLeftOutOfTheArray() {
        var bench = Bench()
        bench.connect(1, version: "2025-03-26")
        bench.client(
            1, #"[{"jsonrpc":"2.0","id":1,"method":"vendor/x"},{"jsonrpc":"2.0","id":2,"method":"vendor/y"}]"#)
        bench.backend(#"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        #expect(bench.take(1) == [#"[{"jsonrpc":"2.0","id":2,"result":{}}]"#])
    }

    @Test func whatABatchIsOwedIsSettledWhenTheArrayGoesOut() {
        var bench = Bench()
        bench.connect(1, version: "2025-03-26")
        let batch = #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":"b","method":"vendor/x"}]"#
        var actions = Actions()
        bench.mux.receive(Array(batch.utf8).span, from: 1, now: 0, into: &actions)
        #expect(actions.opened.map(\.id.text) == ["1", #""b""#])
        #expect(actions.settled.isEmpty)
        actions.removeAll()
        bench.mux.receiveFromBackend(Array(#"{"jsonrpc":"2.0","id":2,"result":{}}"#.utf8).span, now: 0, into: &actions)
        #expect(actions.settled.map(\.id.text) == ["1", #""b""#])
        #expect(actions.settled.allSatisfy { $0.line == 0 })
    }

    @Test(arguments: ["[]", #"[{"jsonrpc":"2.0","id":"i","method":"initialize","params":{}}]"#])
    func refusesWhatABatchMustNotBe(line: String) {
        var bench = Bench()
        bench.connect(1, version: "2025-03-26")
        bench.client(1, line)
        #expect(bench.take(1).first?.contains("-32600") == true)
    }

    @Test func batchOfNotificationsIsNotAnswered() {
        var bench = Bench()
        bench.connect(1, version: "2025-03-26")
        bench.client(1, #"[{"jsonrpc":"2.0","method":"vendor/note"}]"#)
        #expect(bench.take(1).isEmpty)
        #expect(bench.takeBackend().count == 1)
    }

    @Test func batchInARevisionWithoutBatchesIsRefusedWhole() {
        var bench = Bench()
        bench.connect(1, version: "2025-06-18")
        bench.client(1, #"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#)
        #expect(bench.take(1).first?.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600"#) == true)
    }

    @Test func batchOfTheBackendIsTakenApart() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#)
        bench.backend(#"[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","method":"notifications/vendor"}]"#)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","method":"notifications/vendor"}"#,
            ])
    }
}
