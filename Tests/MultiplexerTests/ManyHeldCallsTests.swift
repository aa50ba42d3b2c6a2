// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Questions to a client of the stateless era that has several calls at a backend of the handshake era: each is put to
/// one of them, may be another's, and is answered in any case.
@Suite struct ManyHeldCallsTests {
    private static let asking = #"{"elicitation":{}}"#

    /// Two calls of session 1 at the backend, `a` and `b`.
    private func calling(second: String = asking, first: String = asking) -> (bench: Bench, a: Int64, b: Int64) {
        var bench = Bench { $0.interactiveTools = ["t"] }
        bench.connectModern(1)
        bench.perform { mux, _, _ in mux.give(chance: (1...16).map { $0 }) }
        bench.client(1, Modern.request(#""a""#, "tools/call", #","name":"t""#, capabilities: first))
        let a = bench.backendID("tools/call") ?? 0
        bench.client(1, Modern.request(#""b""#, "tools/call", #","name":"t""#, capabilities: second))
        let b = bench.backendID("tools/call") ?? 0
        _ = (bench.take(1), bench.takeBackend())
        return (bench, a, b)
    }

    private func ask(_ bench: inout Bench, _ id: Int) {
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"method":"elicitation/create","params":{}}"#)
    }

    private func answer(_ bench: inout Bench, _ id: Int64) {
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
    }

    private func cancelled(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{"action":"cancel"}}"# }

    private func handle(_ bench: inout Bench) -> String {
        bench.take(1).last.flatMap { try? JSONValue(parsing: $0) }?["result"]?["requestState"]?.stringValue ?? ""
    }

    private func retry(_ bench: inout Bench, _ handle: String) {
        let params = #","name":"t","requestState":"\#(handle)","inputResponses":{"input-1":{"action":"accept"}}"#
        bench.client(1, Modern.request(#""again""#, "tools/call", params, capabilities: Self.asking))
    }

    @Test func whatWaitsForACallThatIsOverIsPutToTheOther() {
        var (bench, a, _) = calling()
        ask(&bench, 71)
        // The second goes to the second call; the third waits for the first.
        ask(&bench, 72)
        ask(&bench, 73)
        #expect(bench.take(1).count == 2)
        answer(&bench, a)
        #expect(bench.takeBackend() == [], "the second call's client comes back for it")
        bench.fire(.heldCalls, after: 600_000)
        let said = bench.takeBackend()
        #expect([71, 72, 73].allSatisfy { said.contains(cancelled($0)) }, "\(said)")
    }

    @Test func whatNobodyElseCanBeAskedIsAnswered() {
        var (bench, a, b) = calling(second: "{}")
        ask(&bench, 71)
        let held = handle(&bench)
        ask(&bench, 72)
        #expect(bench.takeBackend() == [])
        answer(&bench, a)
        #expect(bench.takeBackend() == [cancelled(72)])
        retry(&bench, held)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":71,"result":{"action":"accept"}}"#])
        #expect(bench.take(1).count == 1)
        answer(&bench, b)
        #expect(bench.take(1).count == 1)
    }

    @Test(arguments: [true, false])
    func whoDoesNotComeBackForTheAnswerLeavesNoQuestionOpen(isLeaving: Bool) {
        var (bench, a, b) = calling()
        ask(&bench, 71)
        answer(&bench, a)
        #expect(bench.takeBackend() == [])
        if isLeaving { bench.close(1) } else { bench.fire(.heldCalls, after: 600_000) }
        let said = bench.takeBackend()
        #expect(said.contains(cancelled(71)))
        #expect(said.contains { $0.contains(#""requestId":\#(b),"#) } == isLeaving)
    }

    @Test func theOldestThatMakesRoomLeavesNoQuestionOpen() {
        var bench = Bench {
            $0.interactiveTools = ["t"]
            $0.maximumInFlightPerSession = 1
        }
        bench.connectModern(1)
        bench.perform { mux, _, _ in mux.give(chance: [1, 2, 3, 4, 5, 6, 7, 8]) }
        for question in [71, 72] {
            bench.client(1, Modern.request("\(question)", "tools/call", #","name":"t""#, capabilities: Self.asking))
            let call = bench.backendID("tools/call") ?? 0
            ask(&bench, question)
            _ = bench.takeBackend()
            answer(&bench, call)
        }
        #expect(bench.takeBackend() == [cancelled(71)])
    }

    @Test(arguments: [#""isError":true"#, #""x":1"#])
    func theErrorOfOneCallIsNotThatOfAnother(member: String) {
        var (bench, a, b) = calling(second: "{}", first: "{}")
        ask(&bench, 71)
        #expect(bench.takeBackend().first?.contains("-32601") == true)
        answer(&bench, b)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(a),"result":{"content":[{"type":"text","text":"mine"}],\#(member)}}"#)
        #expect(bench.take(1).last?.contains(#""text":"mine""#) == true)
    }
}
