// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// What goes on around a backend's question while a client has it, and after.
@Suite struct QuestionTests {
    /// Session 2 has a call at the backend, which has asked about it; session 1 has nothing to do with it.
    private func asked() -> Bench {
        var bench = Bench { $0.interactiveTools = ["ask"] }
        for session in [1, 2] as [SessionID] {
            bench.open(session)
            bench.client(
                session,
                #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"sampling":{},"elicitation":{}},"clientInfo":{"name":"c","version":"1"}}}"#
            )
        }
        bench.runBackend()
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask"}}"#)
        bench.backend(
            #"{"jsonrpc":"2.0","id":77,"method":"sampling/createMessage","params":{"_meta":{"progressToken":"t"}}}"#)
        #expect(
            bench.take(2).last
                == #"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"_meta":{"progressToken":1}}}"#
        )
        _ = (bench.take(1), bench.takeBackend())
        return bench
    }

    @Test func progressGoesBackUnderTheBackendsToken() {
        var bench = asked()
        let progress =
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":0.5}}"#
        bench.client(1, progress)  // Not its question.
        #expect(bench.takeBackend() == [])
        bench.client(2, progress)
        #expect(bench.takeBackend() == [progress.replacing(#":1,"#, with: #":"t","#)])
    }

    @Test(arguments: [(#""upload""#, true), ("9", true), ("1", false), (#""t""#, false)])
    func progressOfSomethingElseIsBetweenTheClientAndTheServer(token: String, isPassed: Bool) {
        var bench = asked()
        let progress =
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(token),"progress":1}}"#
        bench.client(1, progress)
        #expect(bench.takeBackend() == (isPassed ? [progress] : []))
    }

    @Test func anAnswerThatIsTooLongIsAnsweredForTheClient() {
        var bench = asked()
        bench.perform { mux, now, actions in
            let prefix = Array(#"{"jsonrpc":"2.0","id":1,"result":{"content":["#.utf8)
            mux.receiveOversize(prefix: prefix.span, length: 70 << 20, from: 1, now: now, into: &actions)
            mux.receiveOversize(prefix: prefix.span, length: 70 << 20, from: 2, now: now, into: &actions)
        }
        #expect(bench.take(2).isEmpty)
        let answers = bench.takeBackend()
        #expect(answers.count == 1 && answers.first?.contains(#""id":77,"error":{"code":-32600"#) == true)
        #expect(answers.first?.contains("message_size_max") == true)
    }

    @Test func theBackendTakesItBack() {
        var bench = asked()
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}"#)
        #expect(
            bench.take(2) == [#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#])
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        #expect(bench.takeBackend() == [] && bench.take(1) == [])
    }

    @Test func anElicitationIsCompletedForTheSessionThatWasSentThere() {
        var bench = asked()
        let done = #"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"E"}}"#
        bench.backend(done)
        #expect(bench.take(1) == [] && bench.take(2) == [])
        bench.backend(
            #"{"jsonrpc":"2.0","id":2,"error":{"code":-32042,"message":"m","data":{"elicitations":[{"elicitationId":"E"}]}}}"#
        )
        _ = bench.take(2)
        bench.backend(done)
        bench.backend(done)
        #expect(bench.take(2) == [done] && bench.take(1) == [])
    }
}
