// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// `subscriptions/listen`, served by the machine on a backend of the handshake era.
@Suite struct ModernListenTests {
    @Test(arguments: [#""l-1""#, "7"])
    func isAcknowledgedFirstAndWithItsOwnID(id: String) {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.listen(id, #"{"toolsListChanged":true,"promptsListChanged":true}"#))
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{\#(Modern.tag(id)),"notifications":{"toolsListChanged":true}}}"#
            ])
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}"#)
        bench.fire(.listChanged)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{\#(Modern.tag(id))}}"#
            ])
    }

    @Test func aListenWithoutAFilterIsRefused() {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "subscriptions/listen"))
        #expect(bench.take(1).first?.contains("-32602") == true)
    }

    @Test func waitsForABackendOnlyWhenItMustKnowIt() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Modern.listen("1", #"{"toolsListChanged":true}"#))
        #expect(bench.takeOrders().contains(.startBackend))
        #expect(bench.mux.needsBackend)
        bench.runBackend()
        #expect(bench.take(1).count == 1)
        var known = Bench(snapshot: bench.mux.snapshot)
        known.open(1)
        known.client(1, Modern.listen("1", #"{"toolsListChanged":true}"#))
        #expect(known.take(1).count == 1)
        #expect(!known.takeOrders().contains(.startBackend))
    }

    private static let filter = #"{"resourceSubscriptions":["x:a","x:b"]}"#

    /// A session that listens to two resources, of which the backend knows one.
    private func listening() -> Bench {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.listen(#""l""#, Self.filter))
        #expect(bench.take(1).isEmpty)
        let asked = bench.takeBackend().compactMap { try? JSONValue(parsing: $0) }
        #expect(asked.compactMap { $0["params"]?["uri"]?.stringValue } == ["x:a", "x:b"])
        for question in asked {
            let id = question["id"]?.intValue ?? 0
            let answer = question["params"]?["uri"] == "x:a" ? #""result":{}"# : #""error":{"code":0,"message":"no"}"#
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),\#(answer)}"#)
        }
        return bench
    }

    @Test func acknowledgesTheResourcesThatTheBackendTellsOf() {
        var bench = listening()
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{\#(Modern.tag(#""l""#)),"notifications":{"resourceSubscriptions":["x:a"]}}}"#
            ])
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:a","v":1}}"#)
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:a/b","_meta":{"t":1}}}"#)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:b"}}"#)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{\#(Modern.tag(#""l""#)),"uri":"x:a","v":1}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:a/b","_meta":{"io.modelcontextprotocol/subscriptionId":"l","t":1}}}"#,
            ])
    }

    @Test func sharesTheSubscriptionWithSessionsOfTheOtherEra() {
        var bench = listening()
        bench.connect(2)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"x:a"}}"#)
        #expect(bench.take(2) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}"#)
        #expect(bench.takeBackend().isEmpty)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:a"}}"#)
        #expect(bench.take(2).count == 1)
        bench.client(2, #"{"jsonrpc":"2.0","id":2,"method":"resources/unsubscribe","params":{"uri":"x:a"}}"#)
        #expect(bench.backendID("resources/unsubscribe") != nil)
    }

    @Test(arguments: [true, false])
    func endsWithoutAWordWhenTheClientGoes(byCancelling: Bool) {
        var bench = listening()
        _ = bench.take(1)
        if byCancelling {
            bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}"#)
        } else {
            bench.close(1)
        }
        #expect(bench.take(1).isEmpty)
        #expect(bench.backendID("resources/unsubscribe") != nil)
    }

    @Test func survivesTheBackend() {
        var bench = listening()
        _ = bench.take(1)
        bench.endBackend()
        #expect(bench.takeOrders().contains(.startBackend))
        bench.runBackend()
        let id = bench.backendID("resources/subscribe") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:a"}}"#)
        #expect(bench.take(1).map { $0.contains("resources/updated") } == [true])
    }

    @Test func aListenThatNoBackendCameForFails() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Modern.listen("1", #"{"toolsListChanged":true}"#))
        bench.endBackend(willRestart: false)
        #expect(bench.take(1).first?.contains(#""id":1,"error":{"code":-32603"#) == true)
        #expect(!bench.mux.needsBackend)
    }

    @Test func anOpenListenKeepsNoClosedSession() {
        var bench = listening()
        bench.perform { mux, now, actions in mux.inputEnded(1, now: now, into: &actions) }
        #expect(bench.takeOrders().contains { if case .endSession = $0 { true } else { false } })
        #expect(bench.mux.sessionCount == 0)
    }

    @Test func soManyListensOfASessionAndNoMore() {
        var bench = Bench { $0.maximumListens = 2 }
        bench.connectModern(1)
        for id in 1...3 { bench.client(1, Modern.listen("\(id)", #"{"toolsListChanged":true}"#)) }
        let got = bench.take(1)
        #expect(got.count == 3 && got.last?.contains(#""id":3,"error":{"code":-32603"#) == true)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        bench.client(1, Modern.listen("4", #"{"toolsListChanged":true}"#))
        #expect(bench.take(1).last?.contains("acknowledged") == true)
    }
}
