// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// Clients whose transport breaks when a message is too long (protocol.md §2.7 j).
@Suite struct ClientMessageLimitTests {
    private func bench(isPrivate: Bool = false) -> Bench {
        Bench {
            $0.isPrivate = isPrivate
            $0.clientMessageLimits = [
                ClientMessageLimit(client: "tester", bytes: 1000), ClientMessageLimit(client: "test*", bytes: 10),
            ]
        }
    }

    private func call(_ bench: inout Bench, _ session: SessionID, resultOf length: Int) -> [String] {
        bench.client(session, #"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"t"}}"#)
        let id = bench.backendID("tools/call").map { "\($0)" } ?? "\"x\""
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"t":"\#(String(repeating: "y", count: length))"}}"#)
        return bench.take(session)
    }

    @Test func aKnownClientGetsAnErrorThatNamesTheLimit() {
        var bench = bench()
        bench.connect(1)
        let answers = call(&bench, 1, resultOf: 2000)
        #expect(answers.count == 1)
        #expect(answers[0].hasPrefix(#"{"jsonrpc":"2.0","id":"x","error":{"code":-32603,"message":"the result of "#))
        #expect(answers[0].contains("max_message_to_client") && answers[0].contains("\"oversize_result\""))
        #expect(call(&bench, 1, resultOf: 500).first?.contains("yyy") == true)
    }

    @Test func aClientOfAnotherNameGetsAll() {
        var bench = bench()
        bench.connect(1)
        bench.open(2)
        bench.client(2, Bench.initialize().replacing("tester", with: "another"))
        _ = bench.take(2)
        #expect(call(&bench, 2, resultOf: 2000).first?.contains("yyy") == true)
    }

    @Test func theFirstThatFitsHoldsInAnyCase() {
        let limit = ClientMessageLimit(client: "Open*", bytes: 1)
        #expect(limit.concerns("openclaw") && limit.concerns("OPEN") && !limit.concerns("ope"))
        #expect(ClientMessageLimit(client: "a", bytes: 1).concerns("A") && !limit.concerns(""))
    }

    @Test func aListThatIsTooLongIsRefusedToItAlone() {
        var bench = bench()
        bench.connect(1)
        bench.open(2)
        bench.client(2, Bench.initialize().replacing("tester", with: "another"))
        _ = bench.take(2)
        for session in [1, 2] as [SessionID] {
            bench.client(session, #"{"jsonrpc":"2.0","id":"l","method":"prompts/list"}"#)
        }
        let id = bench.backendID("prompts/list") ?? 0
        let prompt = String(repeating: "y", count: 2000)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"prompts":[{"name":"\#(prompt)"}]}}"#)
        #expect(bench.take(1).first?.contains("oversize_result") == true)
        #expect(bench.take(2).first?.contains("yyy") == true)
    }

    @Test func aPrivateClientIsGuardedToo() {
        var bench = bench(isPrivate: true)
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.startBackend()
        bench.backend(#"{"jsonrpc":"2.0","id":"init","result":\#(Bench.initializeResult)}"#)
        _ = bench.take(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"t"}}"#)
        let text = String(repeating: "y", count: 2000)
        bench.backend(#"{"jsonrpc":"2.0","id":"x","result":{"t":"\#(text)"}}"#)
        #expect(bench.take(1).first?.contains("oversize_result") == true)
        #expect(bench.mux.inFlight(of: 1) == 0)
    }

    @Test func theAnswersOfABatchStayBelowTheLimitTogether() throws {
        var bench = bench()
        bench.connect(1, version: "2025-03-26")
        let calls = (1...3).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"tools/call","params":{"name":"t"}}"# }
        bench.client(1, "[\(calls.joined(separator: ","))]")
        for line in bench.takeBackend() {
            let id = try #require(try JSONValue(parsing: line)["id"]?.intValue)
            let text = String(repeating: "y", count: 600)
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"t":"\#(text)"}}"#)
        }
        let answers = bench.take(1)
        let batch = try JSONValue(parsing: try #require(answers.first)).arrayValue ?? []
        #expect(answers.count == 1 && batch.map { $0["id"]?.intValue } == [1, 2, 3])
        #expect(batch.count { $0["result"] != nil } == 1)
    }

    @Test func aQuestionThatIsTooLongIsRefusedForTheClient() {
        var bench = Bench {
            $0.clientMessageLimits = [ClientMessageLimit(client: "tester", bytes: 1000)]
            $0.interactiveTools = ["t"]
        }
        bench.open(1)
        let asking = #""capabilities":{"elicitation":{}}"#
        bench.client(1, Bench.initialize().replacing(#""capabilities":{}"#, with: asking))
        bench.runBackend()
        bench.client(1, #"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"t"}}"#)
        _ = (bench.take(1), bench.takeBackend())
        let text = String(repeating: "y", count: 1000)
        bench.backend(#"{"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{"message":"\#(text)"}}"#)
        #expect(bench.take(1).isEmpty)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":7,"result":{"action":"cancel"}}"#])
        bench.backend(#"{"jsonrpc":"2.0","id":8,"method":"elicitation/create","params":{"message":"?"}}"#)
        #expect(bench.take(1).count == 1)
    }

    @Test func progressThatIsTooLongIsLeftOut() {
        var bench = bench()
        bench.connect(1)
        bench.client(
            1,
            #"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"}}}"#)
        let id = bench.backendID("tools/call") ?? 0
        for length in [10, 1000] {
            let text = String(repeating: "y", count: length)
            let params = #"{"progressToken":\#(id),"progress":1,"message":"\#(text)"}"#
            bench.backend(#"{"jsonrpc":"2.0","method":"notifications/progress","params":\#(params)}"#)
        }
        #expect(bench.take(1).count == 1)
    }
}
