// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// `input_required` for a client of the handshake era.
@Suite struct RoundTests {
    private static let capabilities = #"{"elicitation":{},"roots":{}}"#

    private func calling(_ method: String = "tools/call", params: String = #"{"name":"t"}"#) -> Bench {
        var bench = Bench { $0.era = .modern }
        bench.open(1)
        bench.client(
            1, Bench.initialize().replacing(#""capabilities":{}"#, with: #""capabilities":\#(Self.capabilities)"#))
        bench.runModernBackend()
        bench.client(1, #"{"jsonrpc":"2.0","id":"c","method":"\#(method)","params":\#(params)}"#)
        bench.received = [:]
        bench.orders = []
        return bench
    }

    private func require(_ bench: inout Bench, _ members: String, method: String = "tools/call") {
        let id = bench.backendID(method) ?? 0
        bench.backendReceived = []
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"resultType":"input_required"\#(members)}}"#)
    }

    private static let two =
        #","inputRequests":{"k1":{"method":"elicitation/create","params":{"message":"?","x":1.0}},"k2":{"method":"roots/list"}},"requestState":"s\u0041""#

    @Test func questionsReachTheClientAndTheAnswersTheBackend() {
        var bench = calling()
        require(&bench, Self.two)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"?","x":1.0}}"#,
                #"{"jsonrpc":"2.0","id":2,"method":"roots/list"}"#,
            ])
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"result":{"roots":[]}}"#)
        #expect(bench.takeBackend().isEmpty)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"a":1.50}}}"#)
        let retry = bench.backendReceived.first ?? ""
        #expect(
            retry.hasSuffix(
                #""inputResponses":{"k1":{"action":"accept","content":{"a":1.50}},"k2":{"roots":[]}},"requestState":"s\u0041","name":"t"}}"#
            ))
        require(&bench, #","requestState":"2""#)
        bench.fire(.round(2))
        let id = bench.backendID("tools/call") ?? 0
        #expect(bench.takeBackend().first?.hasSuffix(#""requestState":"2","name":"t"}}"#) == true)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"resultType":"complete","content":[]}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":"c","result":{"resultType":"complete","content":[]}}"#])
    }

    @Test func anAnswerOfAnotherSessionIsNone() {
        var bench = calling()
        bench.open(2)
        bench.client(2, Bench.initialize())
        require(&bench, Self.two)
        bench.client(2, #"{"jsonrpc":"2.0","id":2,"result":{"roots":[]}}"#)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}"#)
        #expect(bench.takeBackend().isEmpty)
    }

    static let failures: [(String, String, String)] = [
        (
            "tools/call", #","inputRequests":{"k":{"method":"sampling/createMessage","params":{}}}"#,
            "asked for sampling"
        ),
        ("tools/call", #","inputRequests":{"k":{"method":"x/y","params":{}}}"#, "asked for something unknown"),
        (
            "prompts/get", #","inputRequests":{"k":{"method":"sampling/createMessage","params":{}}}"#,
            "asked for sampling"
        ),
    ]

    @Test(arguments: failures)
    func whatTheClientCannotAnswerFailsTheCall(method: String, members: String, text: String) {
        var bench = calling(method)
        require(&bench, members, method: method)
        let answers = bench.take(1)
        #expect(answers.count == 1 && answers.first?.contains(text) == true)
        #expect(answers.first?.contains(method == "tools/call" ? #""isError":true"# : #""code":-32603"#) == true)
    }

    @Test func arefusalFailsTheCallAndTakesTheOtherQuestionsBack() {
        var bench = calling()
        require(&bench, Self.two)
        _ = bench.take(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"never"}}"#)
        let got = bench.take(1)
        #expect(got.first == #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#)
        #expect(got.last?.contains("refused: never") == true && got.last?.contains(#""id":"c""#) == true)
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"result":{"roots":[]}}"#)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test func anAnswerThatNeverComesFailsTheCall() {
        var bench = calling()
        require(&bench, Self.two)
        #expect(bench.takeOrders().contains(.arm(.round(1), milliseconds: 600_000)))
        _ = bench.take(1)
        bench.fire(.round(1), after: 600_000)
        #expect(bench.take(1).last?.contains("did not come within 600 s") == true)
    }

    @Test func aServerThatNeverGetsEnoughIsStopped() {
        var bench = calling()
        for round in 1...10 {
            require(&bench, #","requestState":"x""#)
            bench.fire(.round(UInt64(round)))
        }
        #expect(bench.take(1).isEmpty)
        require(&bench, #","requestState":"x""#)
        #expect(bench.take(1).first?.contains("more than 10 times") == true)
    }

    @Test(arguments: [true, false])
    func aClientThatGoesTakesItsQuestionsWithIt(byCancelling: Bool) {
        var bench = calling()
        require(&bench, Self.two)
        _ = bench.take(1)
        if byCancelling {
            bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"c"}}"#)
            #expect(bench.take(1).count == 2)
        } else {
            bench.close(1)
            #expect(bench.take(1).isEmpty)
        }
        #expect(bench.takeOrders().contains(.disarm(.round(1))))
        #expect(bench.takeBackend().isEmpty && bench.mux.inFlight == 0)
    }

    @Test func theBackendsEndEndsTheRound() {
        var bench = calling()
        require(&bench, Self.two)
        _ = bench.take(1)
        bench.endBackend()
        let got = bench.take(1)
        #expect(got.count == 3 && got.last?.contains(#""id":"c","error":{"code":-32603"#) == true)
    }

    /// The parameters of the first request, a server's demand, and the parameters of the second request.
    static let shapes: [(String, String, String)] = [
        ("", #","requestState":"x""#, #"{"_meta":{},"requestState":"x"}"#),
        ("", "", #"{"_meta":{}}"#),
        (#","params":{}"#, #","requestState":"x""#, #"{"_meta":{},"requestState":"x"}"#),
        (#","params":{ }"#, "", #"{"_meta":{}}"#),
        (#","params":{"name":"t"}"#, "", #"{"_meta":{},"name":"t"}"#),
        (#","params":[7]"#, "", "[7]"),
    ]

    @Test(arguments: shapes)
    func aRequestOfAnyShapeIsSentAgain(params: String, demand: String, again: String) throws {
        var bench = calling()
        bench.client(1, #"{"jsonrpc":"2.0","id":"d","method":"tools/call"\#(params)}"#)
        require(&bench, demand)
        bench.fire(.round(1))
        var sent = try #require(bench.lastToBackend()?["params"])
        if var object = sent.objectValue, object["_meta"] != nil {
            object["_meta"] = [:]
            sent = .object(object)
        }
        #expect(try sent == JSONValue(parsing: again))
        let id = bench.backendID("tools/call") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":"d","result":{"content":[]}}"#])
    }

    @Test func aRequestThatHasNoPlaceForTheAnswersFails() {
        var bench = calling()
        bench.client(1, #"{"jsonrpc":"2.0","id":"d","method":"tools/call","params":[7]}"#)
        require(&bench, #","requestState":"x""#)
        bench.fire(.round(1))
        let answers = bench.take(1)
        #expect(answers.count == 1 && answers.first?.contains(#""id":"d","result":{"content""#) == true)
        #expect(answers.first?.contains(#""isError":true"#) == true)
    }

    @Test func aQuestionThatIsTooLongFailsTheCall() {
        var bench = calling()
        bench.perform { machine, _, _ in
            var configuration = MultiplexerConfiguration()
            configuration.clientMessageLimits = [ClientMessageLimit(client: "tester", bytes: 1000)]
            machine.reconfigure(configuration)
        }
        let text = String(repeating: "y", count: 1000)
        let question = #"{"method":"elicitation/create","params":{"message":"\#(text)"}}"#
        require(&bench, #","inputRequests":{"k":\#(question)}"#)
        #expect(bench.take(1).first?.contains("more bytes than this client takes") == true)
    }

    @Test func answersThatACrashTookAreGivenAgainAndNoOthersAfterThem() {
        var bench = calling("prompts/get", params: #"{"name":"p"}"#)
        let asks = #","inputRequests":{"k":{"method":"elicitation/create"}},"requestState":"#
        require(&bench, asks + #""S1""#, method: "prompts/get")
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"a":1}}}"#)
        bench.endBackend()
        bench.backendReceived = []
        bench.runModernBackend()
        #expect(bench.backendReceived.last?.contains(#""requestState":"S1""#) == true)
        require(&bench, asks + #""S2""#, method: "prompts/get")
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"result":{"action":"accept","content":{"a":2}}}"#)
        #expect(
            bench.takeBackend().last?.hasSuffix(
                #""inputResponses":{"k":{"action":"accept","content":{"a":2}}},"requestState":"S2","name":"p"}}"#)
                == true)
    }
}
