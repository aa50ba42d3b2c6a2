// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Multiplexer

/// Clients that are behind in reading (protocol.md §2.7 n).
@Suite struct SlowReaderTests {
    private func bench() -> Bench {
        var bench = Bench()
        bench.connect(1, 2)
        return bench
    }

    private func pace(_ bench: inout Bench, _ session: SessionID, _ pace: ReaderPace) {
        bench.perform { machine, now, actions in
            machine.readerChanged(session, to: pace, now: now, into: &actions)
        }
    }

    /// A call with a progress token; returns the id at the backend.
    private func call(_ bench: inout Bench, _ session: SessionID, _ name: String) -> Int64 {
        bench.client(
            session,
            #"{"jsonrpc":"2.0","id":"\#(name)","method":"tools/call","params":{"name":"t","_meta":{"progressToken":"\#(name)"}}}"#
        )
        return bench.backendID("tools/call") ?? 0
    }

    private func progress(_ bench: inout Bench, _ id: Int64, _ step: Int) {
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(id),"progress":\#(step)}}"#
        )
    }

    private func line(_ name: String, _ step: Int) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"\#(name)","progress":\#(step)}}"#
    }

    private func log(_ bench: inout Bench) {
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"d"}}"#)
    }

    @Test func ofProgressTheNewestOfEachRequestIsSentWhenItCatchesUp() {
        var bench = bench()
        let (a, b) = (call(&bench, 1, "a"), call(&bench, 1, "b"))
        pace(&bench, 1, .isBehind)
        for step in 1...3 { progress(&bench, a, step) }
        progress(&bench, b, 7)
        progress(&bench, a, 4)
        #expect(bench.take(1) == [])
        pace(&bench, 1, .keepsUp)
        #expect(bench.take(1) == [line("a", 4), line("b", 7)])
        #expect(
            bench.takeOrders().contains(
                .log(.notice, "session s1: its client was behind in reading: 3 progress messages merged")))
        progress(&bench, a, 5)
        #expect(bench.take(1) == [line("a", 5)])
    }

    @Test func theLastProgressComesBeforeTheAnswer() {
        var bench = bench()
        let id = call(&bench, 1, "a")
        pace(&bench, 1, .isBehind)
        for step in 1...9 { progress(&bench, id, step) }
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(bench.take(1) == [line("a", 9), #"{"jsonrpc":"2.0","id":"a","result":{}}"#])
        pace(&bench, 1, .keepsUp)
        #expect(bench.take(1) == [])
    }

    @Test func noProgressComesForWhatWasCancelledOrDied() {
        var bench = bench()
        let (a, b) = (call(&bench, 1, "a"), call(&bench, 1, "b"))
        pace(&bench, 1, .isBehind)
        for id in [a, b] { progress(&bench, id, 1) }
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}"#)
        bench.endBackend()
        _ = bench.take(1)
        pace(&bench, 1, .keepsUp)
        #expect(bench.take(1) == [])
    }

    @Test func logMessagesAreLeftOutAndCounted() {
        var bench = bench()
        pace(&bench, 1, .isBehind)
        for _ in 0..<5 { log(&bench) }
        #expect(bench.take(1) == [])
        #expect(bench.take(2).count == 5)
        bench.close(1)
        #expect(
            bench.takeOrders().contains(
                .log(.notice, "session s1: its client was behind in reading: 5 log messages left out")))
    }

    @Test func changesOfAListBecomeOne() {
        var bench = bench()
        pace(&bench, 1, .isBehind)
        for _ in 0..<3 {
            bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
            bench.fire(.listChanged, after: 200)
        }
        #expect(bench.take(1) == [])
        #expect(bench.take(2).count == 3)
        pace(&bench, 1, .keepsUp)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#])
    }

    @Test func answersQuestionsAndUpdatesAreNeverHeldBack() {
        var bench = bench()
        bench.client(
            1, #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"u:/1"}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.backendID("resources/subscribe") ?? 0),"result":{}}"#)
        _ = bench.take(1)
        pace(&bench, 1, .isFull)
        for _ in 0..<2 {
            bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"u:/1"}}"#)
        }
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        #expect(bench.take(1).count == 3)
    }

    @Test func whoHasTooMuchWaitingAsksForNothingMore() {
        var bench = bench()
        pace(&bench, 1, .isFull)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.backendReceived.isEmpty)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.takeBackend().count == 1)
        pace(&bench, 1, .isBehind)
        #expect(bench.backendReceived.count == 1)
    }

    @Test func oneWhoKeepsUpIsSentAllWhateverTheOthersDo() {
        var bench = bench()
        let id = call(&bench, 2, "b")
        pace(&bench, 1, .isFull)
        for step in 1...3 { progress(&bench, id, step) }
        #expect(bench.take(2) == (1...3).map { line("b", $0) })
    }
}
