// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Backends that outlived a supervisor which was killed.
@Suite struct AdoptionTests {
    private static let list = #"{"tools":[{"name":"old"}]}"#

    private func adopted(open: [UInt64] = [], isAsleep: Bool = false, mayAsk: Bool = false) -> Bench {
        var snapshot = Snapshot(initializeResult: Array(Bench.initializeResult.utf8))
        snapshot.lists["tools/list"] = Array(Self.list.utf8)
        var bench = Bench(snapshot: snapshot) { if mayAsk { $0.interactiveTools = ["t"] } }
        bench.perform { machine, now, actions in
            let isTaken = machine.backendAdopted(
                generation: 3, era: .legacy, lastID: 9, open: open, isAsleep: isAsleep, now: now, into: &actions)
            #expect(isTaken)
        }
        return bench
    }

    /// A request that was to be asked again may still stand in the books with the id that it had at another process.
    @Test func whatTheBooksSayTwiceOrOfOtherProcessesKeepsNothingBusy() throws {
        var bench = adopted(open: [4, 4, 10])
        let list = try #require(bench.backendID("tools/list"))
        #expect(list == 10)
        let cancelled = bench.takeBackend().filter { $0.contains("notifications/cancelled") }
        #expect(cancelled.count == 1 && cancelled[0].contains(#""requestId":4,"#))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(list),"result":\#(Self.list)}"#)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func whatItWorksOnIsTakenBackAndItsLateAnswersReachNobody() {
        var bench = adopted(open: [4, 9])
        let cancelled = bench.takeBackend().filter { $0.contains("notifications/cancelled") }
        #expect(cancelled.count == 2)
        #expect(cancelled[0].contains(#""requestId":4,"#) && cancelled[1].contains(#""requestId":9,"#))
        #expect(bench.mux.inFlight == 1, "the list that is asked for again")
        bench.connect(1)
        bench.backend(#"{"jsonrpc":"2.0","id":4,"result":{"content":[]}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"late"}}"#)
        #expect(bench.take(1) == [])
        bench.client(1, #"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.backendID("tools/call").map { $0 > 9 } == true, "an id that nobody had")
    }

    @Test func oneThatSleepsIsAskedNothingBeforeItWakes() {
        var bench = adopted(isAsleep: true)
        #expect(bench.takeBackend() == [])
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        #expect(bench.take(1).last?.contains("old") == true, "answered from what is known")
        #expect(bench.takeBackend() == [])
        bench.perform { machine, now, actions in machine.backendWoke(now: now, into: &actions) }
        #expect(bench.backendID("tools/list") != nil)
        _ = bench.takeBackend()
        bench.perform { machine, now, actions in machine.backendWoke(now: now, into: &actions) }
        #expect(bench.takeBackend() == [], "once")
    }

    @Test func aPrivateOneIsToldWhatIsLostAndItsClientIsNot() {
        var bench = Bench { $0.isPrivate = true }
        bench.perform { machine, _, actions in
            machine.privateBackendAdopted(
                generation: 2, era: .legacy, lastID: 1, open: [RawToken("7"), RawToken("\"x\"")], into: &actions)
        }
        let cancelled = bench.takeBackend()
        #expect(cancelled.count == 2 && cancelled.allSatisfy { $0.contains("notifications/cancelled") })
        #expect(cancelled[1].contains(#""requestId":"x","#))
        bench.open(1, resume: Array(#"{"v":1,"protocol":"2025-11-25","initialized":true}"#.utf8))
        #expect(bench.takeBackend() == [], "the process knows its client")
        bench.backend(#"{"jsonrpc":"2.0","id":7,"result":{}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":"mcp-supervisor-1","result":{}}"#)
        #expect(bench.take(1) == [])
        let next = #"{"jsonrpc":"2.0","id":7,"method":"ping"}"#
        bench.client(1, next)
        #expect(bench.takeBackend() == [next])
        let answer = #"{"jsonrpc":"2.0","id":7,"result":{}}"#
        bench.backend(answer)
        #expect(bench.take(1) == [answer])
    }

    @Test func whatWasAskedForNoSessionIsTakenBackToo() {
        var bench = Bench { $0.isPrivate = true }
        bench.perform { machine, _, actions in
            machine.privateBackendAdopted(
                generation: 2, era: .legacy, lastID: 3, open: [], asked: [3], into: &actions)
        }
        let cancelled = bench.takeBackend()
        #expect(cancelled.count == 1 && cancelled[0].contains(#""requestId":"mcp-supervisor-3","#))
        bench.open(1, resume: Array(#"{"v":1,"protocol":"2025-11-25","initialized":true}"#.utf8))
        bench.backend(#"{"jsonrpc":"2.0","id":"mcp-supervisor-3","result":{}}"#)
        #expect(bench.take(1) == [])
    }

    @Test func booksAreToldOfLocalRequests() {
        var bench = Bench()
        bench.connect(1)
        var actions = Actions()
        bench.mux.call(tool: "t", arguments: nil, token: 8, now: 0, into: &actions)
        #expect(bench.mux.unclaimed == [bench.mux.lastRequestID])
    }

    @Test func booksAreToldWhereARequestIs() {
        var bench = Bench()
        bench.connect(1)
        let line = Array(#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"t"}}"#.utf8)
        var actions = Actions()
        bench.mux.receive(line.span, from: 1, now: 0, into: &actions)
        #expect(actions.opened.map(\.request) == [bench.mux.lastRequestID])
        #expect(actions.sent.isEmpty)
    }

    @Test func whatItAsksAndSaysMeanwhileMayBeAboutTheLostOnes() {
        var bench = adopted(open: [4], mayAsk: true)
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        let ping = bench.backendID("ping") ?? 0
        _ = bench.takeBackend()
        let log = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"d"}}"#
        let question = #"{"jsonrpc":"2.0","id":70,"method":"elicitation/create","params":{}}"#
        bench.backend(log)
        bench.backend(question)
        #expect(bench.take(1) == [])
        #expect(bench.takeBackend().count == 1, "it is answered")
        // It has read that they are taken back, and had the time to stop.
        bench.backend(#"{"jsonrpc":"2.0","id":\#(ping),"result":{}}"#)
        bench.now += Int64(MultiplexerConfiguration().timeToStop)
        bench.backend(log)
        #expect(bench.take(1) == [log])
    }
}
