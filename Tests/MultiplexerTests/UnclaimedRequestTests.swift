// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// What a successor of a killed supervisor must know of: requests that the backend may still ask somebody about.
@Suite struct UnclaimedRequestTests {
    /// Session 1 has a call at the backend; its number there.
    private func calling() throws -> (bench: Bench, call: UInt64) {
        var bench = Bench { $0.interactiveTools = ["t"] }
        bench.connectModern(1)
        bench.perform { mux, _, _ in mux.give(chance: [1, 2, 3, 4, 5, 6, 7, 8]) }
        call(&bench, id: 1)
        let number = try #require(bench.backendID("tools/call"))
        return (bench, UInt64(number))
    }

    private func call(_ bench: inout Bench, id: Int, retry: String = "") {
        let params = #","name":"t","arguments":{}"# + retry
        bench.client(1, Modern.request("\(id)", "tools/call", params, capabilities: #"{"elicitation":{}}"#))
    }

    private func ask(_ bench: inout Bench) {
        bench.backend(#"{"jsonrpc":"2.0","id":77,"method":"elicitation/create","params":{"message":"?"}}"#)
    }

    @Test func aCallIsItsClientsUntilThatTakesItBack() throws {
        var (bench, call) = try calling()
        #expect(bench.mux.requestAtBackend(RawToken("1"), of: 1) == call)
        #expect(bench.mux.unclaimed == [])
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        #expect(bench.mux.requestAtBackend(RawToken("1"), of: 1) == nil)
        #expect(bench.mux.unclaimed == [call], "it may go on")
        bench.backend(#"{"jsonrpc":"2.0","id":\#(call),"error":{"code":0,"message":"taken back"}}"#)
        #expect(bench.mux.unclaimed == [])
    }

    @Test func aHeldCallIsNobodysUntilItsClientComesBack() throws {
        var (bench, number) = try calling()
        ask(&bench)
        #expect(bench.mux.unclaimed == [number])
        let state = try #require(bench.take(1).first.flatMap { try JSONValue(parsing: $0)["result"]?["requestState"] })
        let answers = #","requestState":\#(state.text),"inputResponses":{"input-1":{"action":"accept"}}"#
        call(&bench, id: 2, retry: answers)
        #expect(bench.mux.unclaimed == [])
        #expect(bench.mux.requestAtBackend(RawToken("2"), of: 1) == number)
    }

    @Test func aCallOfOursAndAHeldOneEndWithTheProcess() throws {
        var (bench, number) = try calling()
        ask(&bench)
        #expect(bench.mux.unclaimed == [number])
        bench.perform { mux, now, actions in
            mux.request(method: "ping", params: nil, token: 5, now: now, into: &actions)
        }
        let own = try #require(bench.backendID("ping"))
        #expect(bench.mux.unclaimed == [UInt64(own), number])
        let before = bench.mux.unclaimedRevision
        bench.endBackend()
        #expect(bench.mux.unclaimed == [] && bench.mux.unclaimedRevision > before)
    }

    /// The whole way: the supervisor is killed, and the backend asks about what a client had taken back.
    @Test func whoCallsNextIsNotAskedForAnother() throws {
        var (first, number) = try calling()
        first.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        let (lastID, open) = (first.mux.lastRequestID, Array(first.mux.unclaimed))
        #expect(open == [number])
        var bench = Bench(snapshot: first.mux.snapshot) { $0.interactiveTools = ["t"] }
        bench.perform { mux, now, actions in
            _ = mux.backendAdopted(
                generation: 1, era: .legacy, lastID: lastID, open: open, now: now, into: &actions)
        }
        bench.connectModern(1)
        bench.perform { mux, _, _ in mux.give(chance: [1, 2, 3, 4, 5, 6, 7, 8]) }
        call(&bench, id: 1)
        _ = bench.takeBackend()
        ask(&bench)
        #expect(bench.take(1) == [])
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":77,"result":{"action":"cancel"}}"#])
    }
}
