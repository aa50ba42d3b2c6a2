// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// A backend has room for so many requests; who waits for it is served in turn.
@Suite struct RoomTests {
    private func bench(_ room: Int) -> Bench {
        var bench = Bench { $0.maximumInFlight = room }
        bench.connect(1, 2, 3)
        return bench
    }

    private func call(_ bench: inout Bench, _ session: SessionID, _ name: String) {
        bench.client(
            session, #"{"jsonrpc":"2.0","id":"\#(name)","method":"tools/call","params":{"name":"\#(name)"}}"#)
    }

    /// The tools that the backend was asked for, in order.
    private func asked(_ bench: Bench) -> [String] {
        bench.backendReceived.compactMap { (try? JSONValue(parsing: $0))?["params"]?["name"]?.stringValue }
    }

    /// Answers the call of this tool.
    private func answer(_ bench: inout Bench, _ name: String) {
        let line = bench.backendReceived.first { $0.contains("\"name\":\"\(name)\"") } ?? ""
        let id = (try? JSONValue(parsing: line))?["id"]?.intValue ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
    }

    @Test func moreThanItHasRoomForWait() {
        var bench = bench(2)
        for name in ["a1", "a2", "a3"] { call(&bench, 1, name) }
        #expect(asked(bench) == ["a1", "a2"])
        answer(&bench, "a2")
        #expect(asked(bench) == ["a1", "a2", "a3"])
    }

    @Test func whoWaitsIsServedInTurnOneRequestEach() {
        var bench = bench(1)
        for name in ["a1", "a2", "a3", "a4"] { call(&bench, 1, name) }
        for name in ["b1", "b2"] { call(&bench, 2, name) }
        call(&bench, 3, "c1")
        for name in ["a1", "a2", "b1", "c1", "a3", "b2"] {
            #expect(asked(bench).last == name)
            answer(&bench, name)
        }
        #expect(asked(bench) == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"])
        #expect([bench.take(1).count, bench.take(2).count, bench.take(3).count] == [3, 2, 1])
    }

    @Test func aCancelledRequestGivesItsRoom() {
        var bench = bench(1)
        call(&bench, 1, "a1")
        call(&bench, 2, "b1")
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a1"}}"#)
        #expect(asked(bench) == ["a1", "b1"])
    }

    @Test func whoLeavesGivesItsRoomAndItsTurn() {
        var bench = bench(1)
        call(&bench, 1, "a1")
        call(&bench, 2, "b1")
        call(&bench, 3, "c1")
        bench.close(2)
        bench.close(1)
        #expect(asked(bench) == ["a1", "c1"])
    }

    @Test func anAnswerThatFailsGivesItsRoom() {
        var bench = bench(1)
        call(&bench, 1, "a1")
        call(&bench, 2, "b1")
        let id = bench.backendID("tools/call") ?? 0
        let prefix = Array(#"{"jsonrpc":"2.0","id":\#(id),"result":{"#.utf8)
        bench.perform { machine, now, actions in
            machine.receiveOversizeFromBackend(prefix: prefix.span, length: 1 << 30, now: now, into: &actions)
        }
        #expect(asked(bench) == ["a1", "b1"])
    }

    @Test func whatWaitedForADeadBackendIsSentToTheNext() {
        var bench = bench(1)
        for name in ["a1", "a2"] { call(&bench, 1, name) }
        call(&bench, 2, "b1")
        bench.endBackend()
        bench.runBackend()
        for name in ["a2", "b1"] {
            #expect(asked(bench).last == name)
            answer(&bench, name)
        }
        #expect(bench.take(1).count == 2 && bench.take(2).count == 1)
    }

    @Test func whoStartsOverGivesItsRoom() {
        var bench = bench(1)
        call(&bench, 1, "a1")
        call(&bench, 2, "b1")
        bench.client(1, Bench.initialize())
        #expect(asked(bench) == ["a1", "b1"])
    }

    @Test func aListThatIsNotAnsweredGivesItsRoom() {
        var bench = bench(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#)
        call(&bench, 2, "b1")
        #expect(asked(bench).isEmpty)
        bench.fire(.lists, after: 60_000)
        #expect(asked(bench) == ["b1"])
    }
}
