// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct CancellationTests {
    private func cancel(_ id: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id),"reason":"no"}}"#
    }

    @Test func cancelsOnlyTheOwnSessionsRequest() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        bench.client(2, #"{"jsonrpc":"2.0","id":6,"method":"vendor/x"}"#)
        _ = bench.takeBackend()
        bench.client(2, cancel("5"))
        #expect(bench.takeBackend().isEmpty)
        bench.client(1, cancel("5"))
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"no"}}"#,
                #"{"jsonrpc":"2.0","id":4,"method":"ping"}"#,
            ])
    }

    @Test(arguments: [("5", "\"5\""), ("\"5\"", "5"), ("\"a\"", #""\u0061""#)])
    func findsAnIdThatIsWrittenInAnotherWay(id: String, cancelled: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":\#(id),"method":"vendor/x"}"#)
        _ = bench.takeBackend()
        bench.client(1, cancel(cancelled))
        #expect(bench.takeBackend().count == 1)
    }

    @Test func lateAnswerAndProgressOfACancelledRequestAreDropped() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x","params":{"_meta":{"progressToken":"p"}}}"#)
        bench.client(1, cancel("5"))
        #expect(bench.takeOrders().contains(.arm(.tombstones, milliseconds: 600_000)))
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"error":{"code":0,"message":"Request cancelled"}}"#)
        #expect(bench.take(1).isEmpty)
        bench.backend(#"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        #expect(bench.take(1).count == 1)
    }

    @Test func tombstonesAreForgottenAtLast() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        bench.client(1, cancel("5"))
        bench.fire(.tombstones, after: 600_000)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.take(1).isEmpty)
        #expect(!bench.takeOrders().contains(.arm(.tombstones, milliseconds: 0)))
    }

    @Test func initializeIsNotCancelled() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.client(1, cancel("\"init\""))
        bench.runBackend()
        #expect(bench.take(1).count == 1)
    }

    @Test func closedSessionsRequestsAreCancelledAndTheirAnswersDropped() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        _ = bench.takeBackend()
        bench.close(1)
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"client disconnected"}}"#
            ])
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.received.isEmpty)
        #expect(bench.mux.sessionCount == 1)
    }

    @Test func sessionWhoseInputEndedIsEndedAfterItsLastAnswer() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        bench.perform { mux, now, actions in mux.inputEnded(1, now: now, into: &actions) }
        #expect(bench.takeOrders() == [.arm(.grace(1), milliseconds: 1000)])
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.take(1).count == 1)
        #expect(bench.takeOrders() == [.disarm(.grace(1)), .endSession(1, reason: "the client closed its input")])
        #expect(bench.mux.sessionCount == 0)
    }

    @Test func sessionWhoseInputEndedIsEndedAfterTheGrace() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        bench.perform { mux, now, actions in mux.inputEnded(1, now: now, into: &actions) }
        bench.fire(.grace(1), after: 1000)
        #expect(bench.takeOrders().contains(.endSession(1, reason: "the client closed its input")))
        #expect(bench.backendReceived.last?.contains("notifications/cancelled") == true)
    }

    @Test func secondInitializeTakesEverythingBack() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"vendor/x"}"#)
        _ = bench.takeBackend()
        bench.client(1, Bench.initialize())
        #expect(bench.takeBackend().first?.contains(#""requestId":2"#) == true)
        #expect(bench.take(1).count == 1)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.take(1).isEmpty)
    }
}
