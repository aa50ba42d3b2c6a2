// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct SubscriptionTests {
    private func subscribe(_ id: Int, _ uri: String = "file:///a") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"resources/subscribe","params":{"uri":"\#(uri)"}}"#
    }

    private func unsubscribe(_ id: Int, _ uri: String = "file:///a") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"resources/unsubscribe","params":{"uri":"\#(uri)"}}"#
    }

    private func result(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"# }

    private func updated(_ uri: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"\#(uri)"}}"#
    }

    @Test func firstSubscribeAndLastUnsubscribeReachTheBackend() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, subscribe(1))
        bench.client(2, subscribe(1))
        bench.client(1, subscribe(2))
        #expect(bench.takeBackend() == [subscribe(2)])
        #expect(bench.take(1).isEmpty)
        bench.backend(result(2))
        #expect(bench.take(1) == [result(1), result(2)])
        #expect(bench.take(2) == [result(1)])
        bench.client(2, subscribe(3))
        #expect(bench.take(2) == [result(3)])
        bench.client(1, unsubscribe(4))
        #expect(bench.take(1) == [result(4)])
        #expect(bench.takeBackend().isEmpty)
        bench.client(2, unsubscribe(5))
        #expect(bench.takeBackend() == [unsubscribe(3)])
        #expect(bench.take(2).isEmpty)
        bench.backend(result(3))
        #expect(bench.take(2) == [result(5)])
    }

    @Test func aServerThatNeverAnswersIsBusyOnlyForThoseWhoWait() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, subscribe(1))
        bench.client(2, subscribe(1, "file:///b"))
        bench.backend(result(3))
        #expect(bench.mux.inFlight == 1)
        bench.close(2)
        #expect(bench.takeBackend().last == unsubscribe(4, "file:///b"))
        #expect(bench.mux.inFlight == 1, "nobody waits for the second")
        bench.close(1)
        #expect(bench.mux.inFlight == 0)
        bench.connect(3)
        bench.client(3, subscribe(2, "file:///b"))
        #expect(bench.mux.inFlight == 1, "it waits for the end of what is under way")
    }

    @Test func aSessionHasSoManyAndNoMore() {
        var bench = Bench { $0.maximumSubscriptions = 2 }
        bench.connect(1, 2)
        for id in 1...3 { bench.client(1, subscribe(id, "file:///\(id)")) }
        let refusals = bench.take(1)
        #expect(refusals.count == 1 && refusals[0].contains("too_many_subscriptions"))
        for id in 2...3 { bench.backend(result(id)) }
        #expect(bench.take(1) == [result(1), result(2)])
        bench.client(1, subscribe(4, "file:///1"))
        bench.client(1, unsubscribe(5, "file:///2"))
        bench.backend(result(Int(bench.lastID)))
        #expect(bench.take(1) == [result(4), result(5)])
        bench.client(1, subscribe(6, "file:///3"))
        bench.backend(result(Int(bench.lastID)))
        #expect(bench.take(1) == [result(6)])
    }

    @Test func updatesGoToSubscribersOfTheResourceOrItsWhole() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, subscribe(1))
        bench.backend(result(2))
        _ = bench.take(1)
        for uri in ["file:///a", "file:///a/b", "file:///a#x", "file:///ab", "file:///b"] {
            bench.backend(updated(uri))
        }
        #expect(bench.take(1) == [updated("file:///a"), updated("file:///a/b"), updated("file:///a#x")])
        #expect(bench.take(2).isEmpty)
    }

    @Test func refusalGoesToAllWhoWait() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, subscribe(1))
        bench.client(2, subscribe(1))
        bench.backend(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}"#)
        for session: SessionID in [1, 2] {
            #expect(bench.take(session) == [#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#])
        }
        bench.backend(updated("file:///a"))
        #expect(bench.take(1).isEmpty)
    }

    @Test func subscribeWaitsForAnUnsubscribeUnderWay() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, subscribe(1))
        bench.backend(result(2))
        bench.client(1, unsubscribe(2))
        bench.client(2, subscribe(1))
        #expect(bench.takeBackend() == [subscribe(2), unsubscribe(3)])
        bench.backend(result(3))
        #expect(bench.takeBackend() == [subscribe(4)])
        bench.backend(result(4))
        #expect(bench.take(2) == [result(1)])
    }

    @Test func closedSessionsSubscriptionsEnd() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, subscribe(1))
        bench.backend(result(2))
        bench.close(1)
        #expect(bench.backendReceived.last == unsubscribe(3))
    }

    @Test func nextProcessIsSubscribedAgain() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, subscribe(1))
        bench.backend(result(2))
        _ = bench.takeOrders()
        bench.endBackend()
        #expect(bench.takeOrders() == [.startBackend])
        bench.runBackend()
        #expect(bench.backendReceived.last == subscribe(4))
        bench.backend(result(4))
        bench.backend(updated("file:///a"))
        #expect(bench.take(1).last == updated("file:///a"))
    }

    @Test func questionsDieWithTheProcess() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, subscribe(1))
        bench.client(2, subscribe(1, "file:///b"))
        bench.backend(result(3))
        bench.client(2, unsubscribe(2, "file:///b"))
        bench.endBackend()
        #expect(bench.take(1).first?.contains("-32603") == true)
        #expect(bench.take(2) == [result(1), result(2)])
    }
}
