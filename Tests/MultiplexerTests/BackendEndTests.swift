// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct BackendEndTests {
    private func call(_ id: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"t"}}"#
    }

    @Test func everyWaitingRequestIsAnsweredOnceWithTheReason() throws {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, call(1))
        bench.client(2, call(1))
        bench.client(2, #"{"jsonrpc":"2.0","id":2,"method":"vendor/list"}"#)
        bench.endBackend(message: "backend fake was killed: out of memory")
        for (session, count) in [(1, 1), (2, 2)] as [(SessionID, Int)] {
            let replies = bench.take(session)
            #expect(replies.count == count)
            for reply in replies {
                let error = try JSONValue(parsing: reply)["error"]
                #expect(error?["code"] == -32603)
                #expect(error?["message"] == "backend fake was killed: out of memory")
                #expect(error?["data"]?["reason"] == "backend_exit")
                #expect(error?["data"]?["generation"] == 1)
                #expect(error?["data"]?["limit"] == 7)
            }
        }
        #expect(!bench.takeOrders().contains(.startBackend))
        bench.endBackend()
        #expect(bench.received.isEmpty)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func nextRequestAsksForAStartOnceAndIsSentWhenReady() {
        var bench = Bench()
        bench.connect(1)
        bench.endBackend()
        bench.client(1, call(1))
        bench.client(1, call(2))
        #expect(bench.takeOrders() == [.startBackend])
        #expect(bench.mux.needsBackend)
        bench.runBackend()
        let sent = bench.takeBackend()
        #expect(sent.count == 4)
        #expect(sent.first?.contains(#""method":"initialize""#) == true)
        #expect(sent[1].contains("notifications/initialized"))
        #expect(!bench.mux.needsBackend)
    }

    @Test func whatWasNotSentWaitsForARestartThatComes() {
        var bench = Bench { $0.maximumInFlightPerSession = 1 }
        bench.connect(1)
        bench.client(1, call(1))
        bench.client(1, call(2))
        bench.endBackend(willRestart: true)
        #expect(bench.take(1).count == 1)
        #expect(bench.takeOrders().contains(.startBackend))
        bench.runBackend()
        let id = bench.backendID("tools/call") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":2,"result":{}}"#])
    }

    @Test func whatWasNotSentIsAnsweredWhenNoRestartComes() {
        var bench = Bench { $0.maximumInFlightPerSession = 1 }
        bench.connect(1)
        bench.client(1, call(1))
        bench.client(1, call(2))
        bench.endBackend(willRestart: false)
        #expect(bench.take(1).count == 2)
        #expect(!bench.mux.needsBackend)
        bench.client(1, call(3))
        #expect(bench.takeOrders().contains(.startBackend))
    }

    @Test func idsRiseOverGenerations() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, call(1))
        bench.endBackend()
        bench.client(1, call(1))
        bench.runBackend()
        let ids = bench.takeBackend().compactMap { (try? JSONValue(parsing: $0))?["id"]?.intValue }
        #expect(ids == [2, 3, 4])
    }

    @Test func lineOfAProcessThatIsGoneIsIgnored() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, call(1))
        bench.endBackend()
        _ = bench.take(1)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.take(1).isEmpty)
    }

    @Test func logLevelIsToldToTheNextProcess() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        bench.endBackend()
        bench.runBackend()
        #expect(bench.backendReceived.last?.contains(#""params":{"level":"debug"}"#) == true)
    }
}
