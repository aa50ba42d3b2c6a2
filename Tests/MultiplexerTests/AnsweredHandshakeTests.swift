// SPDX-License-Identifier: Apache-2.0

import Multiplexer
import Testing

/// A session whose handshake was answered before its backend was known: nothing is owed for it here.
@Suite struct AnsweredHandshakeTests {
    private static let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find"}}"#
    private static let list = #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#

    private func bound() -> Bench {
        var bench = Bench()
        bench.open(1)
        let handshake = Array(Bench.initialize(version: "2025-06-18").utf8)
        bench.perform { $0.learn(handshake: handshake.span, of: 1, now: $1, into: &$2) }
        return bench
    }

    @Test func itIsNotAnsweredAgain() throws {
        var bench = bound()
        let orders = bench.takeOrders()
        #expect(orders.contains(.startBackend) && orders.contains(.sessionChanged(1)))
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        bench.client(1, Self.call)
        bench.runBackend()
        #expect(bench.take(1) == [])
        #expect(bench.mux.protocolVersion(of: 1) == "2025-06-18")
        let id = try #require(bench.backendID("tools/call"))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
    }

    @Test func aBackendThatDoesNotStartIsTriedAgainWithTheNextRequest() {
        var bench = bound()
        bench.client(1, Self.call)
        bench.startBackend()
        bench.endBackend(willRestart: false)
        let failures = bench.take(1)
        #expect(failures.count == 1 && failures[0].contains(#""id":1,"error""#))
        _ = bench.takeOrders()
        bench.client(1, Self.list)
        #expect(bench.take(1) == [])
        #expect(bench.takeOrders().contains(.startBackend))
        bench.runBackend()
        #expect(bench.takeBackend().contains { $0.contains("tools/list") })
    }

    @Test func aClientThatBeginsAnewIsAnswered() {
        var bench = bound()
        bench.runBackend()
        bench.client(1, Bench.initialize())
        #expect(bench.take(1).count == 1)
    }

    @Test(arguments: [
        ("2024-11-05", "2024-11-05"), ("2025-11-25", "2025-11-25"), ("2031-01-01", "2025-11-25"), ("", "2025-11-25"),
        (nil, "2025-11-25"),
    ])
    func theRevisionIsTheClientsWhereItIsKnown(asked: String?, answered: String) {
        #expect(Multiplexer.revision(for: asked) == answered)
    }
}
