// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// `input_required` for a client of the stateless era on a backend of the handshake era.
@Suite struct HeldCallTests {
    private static let handle = "00000000000000080000000000000007"
    private static let question = #"{"message":"?","x":1.0}"#

    /// Session 1 has a call at the backend.
    private func calling(capabilities: String = #"{"elicitation":{}}"#, method: String = "tools/call") -> Bench {
        var bench = Bench { $0.interactiveTools = ["t"] }
        bench.connectModern(1)
        bench.perform { mux, _, _ in mux.give(chance: [1, 2, 3, 4, 5, 6, 7, 8]) }
        bench.client(1, Modern.request("1", method, #","name":"t","arguments":{"a":1.0}"#, capabilities: capabilities))
        return bench
    }

    private func ask(_ bench: inout Bench, id: String = "77", _ method: String = "elicitation/create") {
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(Self.question)}"#)
    }

    private func retry(
        _ bench: inout Bench, handle: String = handle, responses: String = #"{"input-1":{"action":"accept"},"x":{}}"#,
        arguments: String = #"{"a":1.0}"#, session: SessionID = 1
    ) {
        let params =
            #","name":"t","arguments":\#(arguments),"requestState":"\#(handle)","inputResponses":\#(responses)"#
        bench.client(session, Modern.request("2", "tools/call", params, capabilities: #"{"elicitation":{}}"#))
    }

    @Test func theBackendIsToldThatItMayAsk() {
        var bench = Bench { $0.interactiveTools = ["t"] }
        bench.startBackend()
        #expect(bench.takeBackend().first?.contains(#""capabilities":{"elicitation":{},"sampling":{}}"#) == true)
    }

    @Test func theQuestionEndsTheRequestAndTheRetryGoesOn() {
        var bench = calling()
        let call = bench.backendID("tools/call") ?? 0
        _ = bench.takeBackend()
        ask(&bench)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":1,"result":{\#(Modern.server),"resultType":"input_required","inputRequests":{"input-1":{"method":"elicitation/create","params":\#(Self.question)}},"requestState":"\#(Self.handle)"}}"#
            ])
        #expect(bench.takeBackend().isEmpty)
        #expect(bench.mux.inFlight(of: 1) == 0 && bench.mux.inFlight == 1)
        retry(&bench)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":77,"result":{"action":"accept"}}"#])
        #expect(bench.mux.inFlight(of: 1) == 1)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(call),"result":{"content":[]}}"#)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":2,"result":{\#(Modern.complete),\#(Modern.server),"content":[]}}"#
            ])
        #expect(bench.mux.inFlight == 0)
        retry(&bench)
        #expect(bench.take(1).first?.contains("-32602") == true)
    }

    @Test func severalQuestionsFollowEachOther() {
        var bench = calling(capabilities: #"{"elicitation":{},"sampling":{}}"#)
        ask(&bench)
        ask(&bench, id: #""s""#, "sampling/createMessage")
        #expect(bench.take(1).count == 1)
        _ = bench.takeBackend()
        retry(&bench)
        #expect(bench.takeBackend().count == 1)
        #expect(bench.take(1).first?.contains(#""method":"sampling/createMessage""#) == true)
        retry(&bench, handle: "00000000000000060000000000000005", responses: #"{"input-1":{"role":"x"}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":"s","result":{"role":"x"}}"#])
    }

    @Test func anAnswerThatIsMissingIsAskedForAgain() {
        var bench = calling()
        ask(&bench)
        _ = bench.take(1)
        _ = bench.takeBackend()
        retry(&bench, responses: #"{"other":{}}"#)
        #expect(bench.takeBackend().isEmpty)
        #expect(bench.take(1).first?.contains(#""requestState":"00000000000000060000000000000005""#) == true)
    }

    static let wrong: [(String, String, SessionID)] = [
        ("00000000000000080000000000000009", #"{"a":1.0}"#, 1), (handle, #"{"a":2.0}"#, 1), (handle, #"{"a":1.0}"#, 2),
    ]

    @Test(arguments: wrong)
    func aRetryMustBeTheSameRequestOfTheSameSession(handle: String, arguments: String, session: SessionID) {
        var bench = calling()
        bench.open(2)
        ask(&bench)
        _ = bench.take(1)
        _ = bench.takeBackend()
        retry(&bench, handle: handle, arguments: arguments, session: session)
        #expect(bench.take(session).first?.contains(#""id":2,"error":{"code":-32602"#) == true)
        #expect(bench.takeBackend().isEmpty)
        retry(&bench)
        #expect(bench.takeBackend().count == 1)
    }

    @Test(arguments: [
        (#"{"content":[],"isError":true}"#, true), (#"{"content":[],"isError":false}"#, false),
    ])
    func aFeatureThatWasNotDeclaredIsRefusedAndNamed(result: String, isNamed: Bool) {
        var bench = calling(capabilities: #"{"sampling":{}}"#)
        let call = bench.backendID("tools/call") ?? 0
        _ = bench.takeBackend()
        ask(&bench)
        #expect(bench.takeBackend().first?.contains(#""id":77,"error":{"code":-32601"#) == true)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(call),"result":\#(result)}"#)
        let named = #""code":-32021"#
        let answer = bench.take(1).first ?? ""
        #expect(answer.contains(named) == isNamed)
        #expect(answer.contains(#""data":{"requiredCapabilities":{"elicitation":{}}}"#) == isNamed)
    }

    @Test func anotherCallWaitsSoThatTheQuestionCanOnlyBeTheFirsts() {
        var bench = calling()
        bench.connect(2)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.takeBackend().isEmpty)
        ask(&bench)
        #expect(bench.take(1).count == 1 && bench.take(2).isEmpty)
    }

    @Test func aCancelledCallMayStillBeTheOneThatAsks() {
        var bench = calling()
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        bench.open(2)
        bench.client(2, Modern.request("3", "tools/call", #","name":"t""#, capabilities: #"{"elicitation":{}}"#))
        ask(&bench)
        #expect(bench.take(1).isEmpty && bench.take(2).isEmpty)
    }

    @Test func aClientThatDoesNotComeBackIsNotWaitedFor() {
        var bench = calling()
        let call = bench.backendID("tools/call") ?? 0
        ask(&bench)
        _ = bench.takeBackend()
        bench.fire(.heldCalls, after: 599_999)
        #expect(bench.takeBackend().isEmpty)
        bench.fire(.heldCalls, after: 1)
        let sent = bench.takeBackend()
        #expect(sent.first == #"{"jsonrpc":"2.0","id":77,"result":{"action":"cancel"}}"#)
        #expect(sent.last?.contains(#""notifications/cancelled","params":{"requestId":\#(call)"#) == true)
        #expect(bench.mux.inFlight == 0)
        retry(&bench)
        #expect(bench.take(1).last?.contains("-32602") == true)
    }

    @Test func aSessionThatEndsCancelsWhatItHeld() {
        var bench = calling()
        ask(&bench)
        _ = bench.takeBackend()
        bench.close(1)
        #expect(bench.takeBackend().count == 2)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func anAnswerThatCameMeanwhileIsKept() {
        var bench = calling()
        let call = bench.backendID("tools/call") ?? 0
        ask(&bench)
        _ = bench.take(1)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(call),"result":{"content":[7]}}"#)
        #expect(bench.take(1).isEmpty)
        retry(&bench)
        #expect(bench.take(1).last?.contains(#""content":[7]"#) == true)
    }

    @Test func theBackendsEndIsTheEndOfWhatItHeld() {
        var bench = calling()
        ask(&bench)
        _ = bench.take(1)
        bench.endBackend()
        retry(&bench)
        #expect(bench.take(1).first?.contains("-32602") == true)
    }

    @Test func withoutChanceNobodyIsAsked() {
        var bench = Bench { $0.interactiveTools = ["t"] }
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#, capabilities: #"{"elicitation":{}}"#))
        #expect(bench.mux.wantsChance)
        ask(&bench)
        #expect(bench.take(1).isEmpty && bench.mux.inFlight(of: 1) == 1)
    }

    @Test func aClientThatDoesNotComeBackGivesTheLane() {
        var bench = calling()
        bench.connect(2)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        ask(&bench)
        _ = bench.takeBackend()
        bench.fire(.heldCalls, after: 600_000)
        #expect(bench.takeBackend().last?.contains(#""method":"tools/call""#) == true)
    }

    @Test func whoComesLaterDoesNotWindTheClockUp() {
        var bench = calling()
        bench.orders = []
        ask(&bench)
        #expect(bench.takeOrders() == [.arm(.heldCalls, milliseconds: 600_000)])
        bench.now = 400_000
        bench.client(1, Modern.request("5", "tools/call", #","name":"t""#, capabilities: #"{"elicitation":{}}"#))
        ask(&bench, id: "78")
        #expect(bench.takeOrders().isEmpty)
        _ = bench.takeBackend()
        bench.fire(.heldCalls, after: 200_000)
        #expect(bench.takeBackend().count == 2)
        #expect(bench.takeOrders().contains(.arm(.heldCalls, milliseconds: 400_000)))
    }

    @Test(arguments: [true, false])
    func aCallThatIsHeldIsOneOfThoseThatASessionMayHave(isExpired: Bool) {
        var bench = Bench {
            $0.interactiveTools = ["t"]
            $0.maximumInFlightPerSession = 1
        }
        bench.connectModern(1)
        bench.perform { mux, _, _ in mux.give(chance: [1, 2, 3, 4]) }
        let capabilities = #"{"elicitation":{}}"#
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#, capabilities: capabilities))
        let call = bench.backendID("tools/call") ?? 0
        ask(&bench)
        bench.backendReceived = []
        bench.client(1, Modern.request("3", "tools/call", #","name":"t""#, capabilities: capabilities))
        #expect(bench.takeBackend().isEmpty)
        if isExpired {
            bench.fire(.heldCalls, after: 600_000)
        } else {
            bench.backend(#"{"jsonrpc":"2.0","id":\#(call),"result":{"content":[]}}"#)
        }
        #expect(bench.backendID("tools/call") == call + 1)
    }
}
