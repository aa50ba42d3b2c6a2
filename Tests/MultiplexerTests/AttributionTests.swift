// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Whose a question or a log message of the backend is (protocol.md §2.4, §2.5): never a guess, and no longer nobody's
/// than need be.
@Suite struct AttributionTests {
    private let question = #"{"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{"message":"?"}}"#
    private let log = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"d"}}"#
    private let cancelled = #"{"jsonrpc":"2.0","id":7,"result":{"action":"cancel"}}"#

    private func connected(mayAsk: Bool = true) -> Bench {
        var bench = Bench { if mayAsk { $0.interactiveTools = ["ask"] } }
        for session in [1, 2] as [SessionID] {
            bench.open(session)
            bench.client(
                session,
                #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{},"sampling":{}},"clientInfo":{"name":"c","version":"1"}}}"#
            )
        }
        bench.runBackend()
        _ = (bench.take(1), bench.take(2), bench.takeBackend())
        return bench
    }

    private func call(_ bench: inout Bench, _ session: SessionID, _ id: Int, _ tool: String = "t") -> Int64 {
        bench.client(
            session, #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)"}}"#)
        return bench.backendID("tools/call") ?? 0
    }

    private func cancel(_ bench: inout Bench, _ session: SessionID, _ id: Int) {
        bench.client(
            session, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
    }

    private func answer(_ bench: inout Bench, _ id: Int64) {
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
    }

    // MARK: - Several calls

    @Test func twoCallsOfOneSessionAreItsQuestionAllTheSame() {
        var bench = connected()
        let calls = [call(&bench, 1, 1), call(&bench, 1, 2)]
        bench.backend(question)
        #expect(bench.take(1).first?.contains("elicitation/create") == true && bench.take(2) == [])
        // It stays open until neither can have asked it.
        _ = bench.takeBackend()
        answer(&bench, calls[0])
        #expect(bench.take(1).count == 1 && bench.takeBackend() == [])
        answer(&bench, calls[1])
        #expect(bench.take(1).first?.contains("notifications/cancelled") == true)
        #expect(bench.takeBackend() == [cancelled])
    }

    @Test(arguments: [
        ("elicitation/create", #""result":{"action":"cancel"}"#),
        ("sampling/createMessage", #""error":{"code":-1,"message":"no client of this call can be asked"}"#),
    ])
    func nobodysQuestionIsAnsweredAsByAUserWhoDoesNotWantTo(method: String, answer: String) {
        var bench = connected()
        bench.backend(#"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":7,\#(answer)}"#])
        _ = (call(&bench, 1, 1), call(&bench, 2, 1))
        _ = bench.takeBackend()
        bench.backend(#"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":7,\#(answer)}"#])
        #expect(bench.take(1) + bench.take(2) == [])
    }

    @Test func aCallOfOursIsNobodysWhoCouldBeAsked() {
        var bench = connected()
        _ = call(&bench, 1, 1)
        bench.perform { $0.call(tool: "t", arguments: nil, token: 1, now: $1, into: &$2) }
        _ = bench.takeBackend()
        bench.backend(question)
        #expect(bench.take(1) == [] && bench.takeBackend() == [cancelled])
    }

    // MARK: - The lane

    @Test func aStarStandsForEveryTool() {
        var bench = Bench { $0.interactiveTools = ["*"] }
        bench.connect(1, 2)
        _ = (call(&bench, 1, 1), call(&bench, 2, 1))
        #expect(bench.takeBackend().count == 1)
    }

    @Test func aSessionsOwnCallsMayRunBesideItsCallInTheLane() {
        var bench = connected()
        _ = call(&bench, 1, 1, "ask")
        _ = (call(&bench, 1, 2), call(&bench, 1, 3, "ask"))
        #expect(bench.takeBackend().count == 3)
        _ = call(&bench, 2, 1)
        // From now on somebody waits, and the lane comes to its end.
        _ = call(&bench, 1, 4, "ask")
        #expect(bench.takeBackend() == [])
        bench.backend(question)
        #expect(bench.take(1).count == 1 && bench.take(2) == [])
    }

    @Test func whoIsAskedMayCallToKnowTheAnswerWhoeverWaits() {
        var bench = connected()
        _ = call(&bench, 1, 1, "ask")
        _ = call(&bench, 2, 1)
        _ = call(&bench, 1, 2)
        #expect(bench.takeBackend().count == 1)
        bench.backend(question)
        #expect(bench.takeBackend().count == 1)
        _ = call(&bench, 1, 3, "ask")
        #expect(bench.takeBackend().count == 1 && bench.take(2) == [])
    }

    @Test func aCallOfOursWaitsForTheLaneAndTheLaneForIt() {
        var bench = connected()
        let first = call(&bench, 1, 1, "ask")
        bench.perform { $0.call(tool: "t", arguments: nil, token: 9, now: $1, into: &$2) }
        #expect(bench.takeBackend().count == 1)
        answer(&bench, first)
        let ours = bench.backendID("tools/call") ?? 0
        _ = (call(&bench, 1, 2, "ask"), bench.take(1))
        #expect(bench.takeBackend().count == 1 && ours > first)
        answer(&bench, ours)
        #expect(bench.replies[9]?.contains("result") == true && bench.takeBackend().count == 1)
        bench.backend(question)
        #expect(bench.take(1).count == 1)
    }

    @Test func aMalformedAnswerOpensTheLane() {
        var bench = connected()
        let first = call(&bench, 1, 1, "ask")
        _ = (call(&bench, 2, 1), bench.takeBackend())
        bench.backend(#"{"jsonrpc":"2.0","id":\#(first)}"#)
        #expect(bench.take(1).last?.contains("bad_response") == true && bench.takeBackend().count == 1)
    }

    // MARK: - Cancelled calls that are not answered

    /// Session 1 has cancelled a call, and session 2 makes one. Returns the id of the ping that was sent between.
    private func cancelledThenCalled(_ bench: inout Bench) -> Int64 {
        _ = call(&bench, 1, 1)
        cancel(&bench, 1, 1)
        #expect(bench.backendID("ping") == nil)
        _ = call(&bench, 2, 1)
        let sent = bench.takeBackend()
        #expect(sent.suffix(2).first?.contains("\"ping\"") == true && sent.last?.contains("tools/call") == true)
        return sent.suffix(2).first.flatMap { (try? JSONValue(parsing: $0))?["id"]?.intValue } ?? 0
    }

    @Test func aWhileAfterTheCancellationWasReadTheCallHasStopped() {
        var bench = connected()
        let ping = cancelledThenCalled(&bench)
        bench.now += 60_000
        bench.backend(question)  // It may not have read it yet.
        #expect(bench.takeBackend() == [cancelled])
        bench.backend(#"{"jsonrpc":"2.0","id":\#(ping),"result":{}}"#)
        bench.now += 4_999
        bench.backend(question)
        bench.backend(log)
        #expect(bench.takeBackend() == [cancelled] && bench.take(2) == [])
        bench.now += 1
        bench.backend(question)
        bench.backend(log)
        #expect(bench.take(2).count == 2 && bench.takeBackend() == [] && bench.take(1) == [])
    }

    @Test func aBackendOfTheStatelessEraIsAskedForADiscovery() {
        var bench = Bench { $0.era = .modern }
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.runModernBackend()
        bench.open(2)
        bench.client(2, Bench.initialize())
        _ = (bench.take(1), bench.take(2), call(&bench, 1, 1))
        cancel(&bench, 1, 1)
        _ = (bench.takeBackend(), call(&bench, 2, 1))
        guard let marker = bench.backendID("server/discover") else {
            Issue.record("nothing was sent behind the cancellation")
            return
        }
        bench.backend(#"{"jsonrpc":"2.0","id":\#(marker),"result":\#(Modern.discover)}"#)
        bench.backend(log)
        #expect(bench.take(2) == [])
        bench.now += 5_000
        bench.backend(log)
        #expect(bench.take(2) == [log] && bench.take(1) == [])
    }

    @Test func anAnswerToTheCancelledCallEndsTheWaitAtOnce() {
        var bench = connected()
        let ping = cancelledThenCalled(&bench)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(ping - 1),"error":{"code":0,"message":"Request cancelled"}}"#)
        bench.backend(question)
        #expect(bench.take(2).count == 1)
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":2,"result":{}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}"#,
    ])
    func aBackendThatWasSeenToGoOnIsNotBelievedAgain(sign: String) {
        var bench = connected(mayAsk: false)
        #expect(call(&bench, 1, 1) == 2)
        cancel(&bench, 1, 1)
        let second = call(&bench, 2, 1)
        answer(&bench, second)  // Says nothing of what the other session sent.
        bench.backend(#"{"jsonrpc":"2.0","id":\#(second - 1),"result":{}}"#)
        bench.now += 5_000
        bench.backend(log)  // Nothing runs, as far as we know: to everybody.
        #expect(bench.take(1).count == 1 && bench.take(2).count == 2)
        bench.backend(sign)
        _ = call(&bench, 1, 2)
        cancel(&bench, 1, 2)
        let fourth = call(&bench, 2, 2)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(fourth - 1),"result":{}}"#)
        bench.now += 300_000
        bench.backend(log)
        #expect(bench.take(1) + bench.take(2) == [])
    }

    @Test func aSessionsOwnCancelledCallIsInNobodysWay() {
        var bench = connected()
        _ = call(&bench, 1, 1)
        cancel(&bench, 1, 1)
        _ = call(&bench, 1, 2)
        #expect(bench.backendID("ping") == nil)
        bench.backend(question)
        #expect(bench.take(1).count == 1)
    }

    @Test func aSessionThatLeftMayHaveAsked() {
        var bench = connected()
        _ = (call(&bench, 1, 1), call(&bench, 2, 1))
        bench.close(1)
        #expect(bench.takeBackend().last?.contains("\"ping\"") == true)
        bench.backend(question)
        #expect(bench.takeBackend() == [cancelled] && bench.take(2) == [])
    }

    // MARK: - Subscriptions

    private func subscription(_ bench: inout Bench, _ session: SessionID, _ method: String, _ uri: String = "file:///a")
    {
        bench.client(
            session, #"{"jsonrpc":"2.0","id":"\#(method)","method":"resources/\#(method)","params":{"uri":"\#(uri)"}}"#)
    }

    @Test func whatIsLoggedOfASubscriptionIsItsSessions() {
        var bench = connected()
        subscription(&bench, 1, "subscribe")
        let id = bench.backendID("resources/subscribe") ?? 0
        bench.backend(log)
        #expect(bench.take(1) == [log] && bench.take(2) == [])
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        _ = bench.take(1)
        bench.backend(log)
        #expect(bench.take(1) == [log] && bench.take(2) == [log])
        subscription(&bench, 1, "unsubscribe")
        bench.backend(log)
        #expect(bench.take(1) == [log] && bench.take(2) == [])
    }

    /// All that can be said of a subscription is its URI, whole or in part.
    @Test(arguments: [
        ("file:///home/secret%20plans", "opened /home/secret plans", false),
        ("file:///home/secret%20plans", "plans", false), ("file:///a", "d", false), ("x:", "d", false),
        ("file:///home/secret%20plans", "file opened", true), ("db://t/17", "secret plans", false),
        ("db://Customers/1", "opened customers", false), ("db://q/\u{e9}", "nothing", false),
        ("db://qq/%C3%A9", "nothing", false), ("db://table1/7", "nothing", true),
    ])
    func besideAnothersCallWhatCouldBeEitherIsNobodys(uri: String, text: String, isTheCallers: Bool) {
        var bench = connected()
        _ = call(&bench, 2, 1)
        subscription(&bench, 1, "subscribe", uri)
        let log = self.log.replacing(#""data":"d""#, with: #""data":"\#(text)""#)
        bench.backend(log)
        #expect(bench.take(1) == [] && bench.take(2) == (isTheCallers ? [log] : []))
    }

    @Test func whatIsLoggedOfTheSubscriptionOfOneThatIsGoneIsNobodys() {
        var bench = connected()
        subscription(&bench, 1, "subscribe")
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.backendID("resources/subscribe") ?? 0),"result":{}}"#)
        bench.close(1)
        let id = bench.backendID("resources/unsubscribe") ?? 0
        bench.backend(log)
        #expect(bench.take(2) == [])
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        bench.backend(log)
        #expect(bench.take(2) == [log])
    }
}
