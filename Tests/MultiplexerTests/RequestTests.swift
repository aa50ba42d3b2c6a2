// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct RequestTests {
    private static let ids = [
        "7", "-3", "12345678901234567890123", #""""#, #""007""#, #""a\u0062\"""#,
        "\"\(String(repeating: "x", count: 90))\"",
    ]

    @Test(arguments: ids)
    func idComesBackByteForByte(id: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"t","x":1.10}}"#)
        #expect(
            bench.takeBackend() == [#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","x":1.10}}"#])
        bench.backend(#"{"result" : {"a":1.0,"b":"\ud800"}, "id":"2","jsonrpc":"2.0"}"#)
        #expect(bench.take(1) == [#"{"result" : {"a":1.0,"b":"\ud800"}, "id":\#(id),"jsonrpc":"2.0"}"#])
        #expect(bench.mux.inFlight == 0)
    }

    @Test func answersFindTheirSessionsInAnyOrder() {
        var bench = Bench()
        bench.connect(1, 2)
        for session: SessionID in [1, 2] {
            bench.client(session, #"{"jsonrpc":"2.0","id":5,"method":"prompts/get","params":{"name":"\#(session)"}}"#)
        }
        bench.backend(#"{"jsonrpc":"2.0","id":3,"result":{"for":2}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"error":{"code":0,"message":"m"}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":99,"result":{}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":5,"error":{"code":0,"message":"m"}}"#])
        #expect(bench.take(2) == [#"{"jsonrpc":"2.0","id":5,"result":{"for":2}}"#])
    }

    static let local: [(String, String)] = [
        (#""id":1,"method":"ping""#, #""id":1,"result":{}"#),
        (#""id":1,"method":"server/discover""#, "-32601"),
        (#""id":1,"method":"tasks/update","params":{"taskId":"x"}"#, "-32601"),
        (#""id":1,"method":"tasks/get","params":{"taskId":"x"}"#, "-32602"),
        (#""id":1,"method":"subscriptions/listen""#, "-32601"),
        (#""id":1,"method":"logging/setLevel","params":{"level":"loud"}"#, "-32602"),
        (#""id":null,"method":"tools/call""#, #""id":null,"error":{"code":-32600"#),
        (#""id":true,"method":"tools/call""#, #""id":true,"error":{"code":-32600"#),
        (#""id":1.0,"method":"tools/call""#, #""id":1.0,"error":{"code":-32600"#),
        (#""id":{"a":[]},"method":"tools/call""#, #""id":{"a":[]},"error":{"code":-32600"#),
        (#""id":1,"method":5"#, "-32600"),
        (#""id":1,"method":"a","method":"b""#, "-32600"),
        (#""id":1,"method":"a","params":"x""#, "-32600"),
        (#""id":1"#, "-32600"),
    ]

    @Test(arguments: local)
    func answersWithoutTheBackend(members: String, answer: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, "{\"jsonrpc\":\"2.0\",\(members)}")
        let replies = bench.take(1)
        #expect(replies.count == 1)
        #expect(replies.first?.contains(answer) == true, "\(replies)")
        #expect(bench.takeBackend().isEmpty)
    }

    @Test(arguments: [
        "garbage", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"", #"{"jsonrpc":"2.0","id":1,"result":{}}"#, "7",
    ])
    func saysNothingToWhatNobodyWaitsFor(line: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, line)
        #expect(bench.take(1).isEmpty)
        #expect(bench.takeBackend().isEmpty)
        #expect(bench.takeOrders().contains { if case .log = $0 { true } else { false } })
    }

    @Test func servesNothingButPingBeforeInitialize() {
        var bench = Bench()
        bench.connect(2)
        bench.open(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":3,"method":"vendor/x"}"#)
        let replies = bench.take(1)
        #expect(replies.first == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        #expect(replies.dropFirst().allSatisfy { $0.contains("-32600") })
        #expect(replies.count == 3)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test func refusesTheSecondOfTwoEqualIdsAndKeepsTheFirst() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"vendor/y"}"#)
        #expect(bench.takeBackend().count == 1)
        #expect(bench.take(1).first?.contains("-32600") == true)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#)
        #expect(bench.takeBackend().count == 1)
    }

    @Test func deniedToolIsAnErrorTheModelCanRead() {
        var bench = Bench { $0.denyTools = ["rm"] }
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"r\u006d"}}"#)
        #expect(bench.take(1).first?.contains(#""isError":true"#) == true)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test func lineBreaksBetweenTokensDoNotLeave() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, "{\"jsonrpc\":\"2.0\",\r\"id\":1,\"method\":\"vendor/x\",\r\n\"params\":{\"a\":\"b\\r\"}}")
        #expect(
            bench.takeBackend() == [
                "{\"jsonrpc\":\"2.0\", \"id\":2,\"method\":\"vendor/x\",  \"params\":{\"a\":\"b\\r\"}}"
            ])
    }

    @Test func moreThanTheAllowanceWaitInTheQueue() {
        var bench = Bench { $0.maximumInFlightPerSession = 2 }
        bench.connect(1, 2)
        for id in 1...4 { bench.client(1, #"{"jsonrpc":"2.0","id":\#(id),"method":"vendor/x"}"#) }
        bench.client(1, #"{"jsonrpc":"2.0","method":"vendor/note"}"#)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"vendor/y"}"#)
        #expect(bench.takeBackend().count == 3)
        #expect(bench.mux.inFlight(of: 1) == 2)
        #expect(bench.mux.queuedBytes(of: 1) > 0)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#)
        #expect(bench.takeBackend().isEmpty)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#])
        bench.backend(#"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","method":"vendor/note"}"#])
        bench.backend(#"{"jsonrpc":"2.0","id":5,"result":{}}"#)
        #expect(bench.take(1).count == 3)
    }

    @Test func oversizeRequestIsAnsweredIfItsIdIsKnown() {
        var bench = Bench()
        bench.connect(1)
        bench.perform { mux, now, actions in
            let prefix = Array(#"{"jsonrpc":"2.0","id":"big","method":"tools/call","params":{"a":"xxxx"#.utf8)
            mux.receiveOversize(prefix: prefix.span, length: 70 << 20, from: 1, now: now, into: &actions)
        }
        #expect(bench.take(1).first?.contains(#""id":"big","error":{"code":-32600"#) == true)
    }

    @Test func oversizeResultFailsItsRequestOnly() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#)
        bench.perform { mux, now, actions in
            let prefix = Array(#"{"jsonrpc":"2.0","id":2,"result":{"content":["#.utf8)
            mux.receiveOversizeFromBackend(prefix: prefix.span, length: 70 << 20, now: now, into: &actions)
        }
        #expect(bench.take(1).first?.contains(#""id":1,"error":{"code":-32603"#) == true)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func localRequestsAreAnsweredToTheirTokens() {
        var bench = Bench()
        bench.perform { mux, now, actions in
            mux.call(tool: "t", arguments: ["a": 1], token: 77, now: now, into: &actions)
        }
        #expect(bench.takeOrders() == [.startBackend])
        bench.runBackend()
        #expect(
            bench.backendReceived.last
                == #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","arguments":{"a":1}}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{"ok":true}}"#)
        #expect(bench.replies == [77: #"{"result":{"ok":true}}"#])
        bench.perform { mux, now, actions in
            mux.request(method: "tools/list", params: nil, token: 78, now: now, into: &actions)
        }
        bench.endBackend()
        #expect(bench.replies[78]?.hasPrefix(#"{"error":{"code":-32603"#) == true)
    }

    @Test func moreThanItsQueueHoldsIsRefusedToASession() {
        var bench = Bench {
            $0.maximumQueue = 1000
            $0.maximumInFlightPerSession = 1
        }
        bench.connect(1)
        let text = String(repeating: "y", count: 600)
        func call(_ id: Int) -> String {
            #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(text)"}}"#
        }
        for id in 1...4 { bench.client(1, call(id)) }
        #expect(bench.take(1).map { $0.contains("queue_full") && $0.contains(#""id":4,"#) } == [true])
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/x"}"#)
        for _ in 1...3 {
            let id = bench.backendID("tools/call") ?? 0
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        }
        #expect(bench.take(1).count == 3 && bench.mux.queuedBytes(of: 1) == 0)
        #expect(!bench.backendReceived.contains { $0.contains("notifications/x") })
        bench.client(1, call(5))
        #expect(bench.take(1).isEmpty)
    }

    @Test func whatWaitsForAListCountsAsWaiting() {
        var bench = Bench()
        bench.connect(1)
        for id in 0..<1000 { bench.client(1, #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#) }
        #expect(bench.mux.queuedBytes(of: 1) >= 100_000)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.backendID("tools/list") ?? 0),"result":{"tools":[]}}"#)
        #expect(bench.mux.queuedBytes(of: 1) == 0)
    }
}
