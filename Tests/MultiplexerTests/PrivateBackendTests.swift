// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// A backend of one session: the server meets its own client, and nothing on the way is rewritten.
@Suite struct PrivateBackendTests {
    private static let initialize =
        #"{"jsonrpc":"2.0", "id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"sampling":{},"roots":{"listChanged":true}},"clientInfo":{"name":"c","version":"1"}}}"#
    private static let initialized = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
    private static let answer =
        #"{"jsonrpc":"2.0","id":"i","result":{"protocolVersion":"2025-06-18","capabilities":{"tasks":{"list":{}}},"serverInfo":{"name":"s","version":"1"}}}"#

    private func connected() -> Bench {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.startBackend()
        bench.backend(Self.answer)
        bench.client(1, Self.initialized)
        _ = bench.take(1)
        _ = bench.takeBackend()
        _ = bench.takeOrders()
        return bench
    }

    @Test func anAnswerOverTheLimitIsAnErrorForWhoAsked() {
        var bench = connected()
        bench.backend(#"{"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{}}"#)
        _ = bench.take(1)
        for (id, isAsked) in [("5", true), ("5", false), ("6", false)] {
            let prefix = Array(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":"aaaa"#.utf8)
            bench.perform { mux, now, actions in
                mux.receiveOversize(prefix: prefix.span, length: 70 << 20, from: 1, now: now, into: &actions)
            }
            let said = bench.takeBackend()
            #expect(said.count == (isAsked ? 1 : 0))
            #expect(!isAsked || said[0].contains(#""id":5,"error":{"code":-32600,"message":"the client's answer"#))
            #expect(!isAsked || bench.take(1) == [])
        }
    }

    @Test func theClientsOwnHandshakeReachesTheServer() {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.client(1, Self.initialize)
        #expect(bench.takeOrders().contains(.startBackend))
        #expect(bench.takeBackend() == [])
        bench.startBackend()
        #expect(bench.takeBackend() == [Self.initialize])
        #expect(!bench.takeOrders().contains(.ready))
        bench.backend(Self.answer)
        #expect(bench.take(1) == [Self.answer])
        #expect(bench.takeOrders().contains(.ready))
        bench.client(1, Self.initialized)
        #expect(bench.takeBackend() == [Self.initialized])
        #expect(bench.mux.protocolVersion(of: 1) == "2025-06-18")
        #expect(bench.mux.clientInfo(of: 1)?["name"] == "c")
        #expect(bench.mux.snapshot == nil)
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"progressToken":7}}}"#,
        #"{"jsonrpc":"2.0","id":-1,"method":"tasks/list"}"#,
        #"{"jsonrpc":"2.0","method":"notifications/vendor","params":[1]}"#,
        #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#, "no json at all",
    ])
    func whatTheClientSaysArrivesAsItIs(line: String) {
        var bench = connected()
        bench.client(1, line)
        #expect(bench.takeBackend() == [line])
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{"maxTokens":1}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"any","progress":1}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"debug","data":1}}"#,
        #"{"jsonrpc":"2.0","id":99,"result":{}}"#, #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
    ])
    func whatTheServerSaysArrivesAsItIs(line: String) {
        var bench = connected()
        bench.backend(line)
        #expect(bench.take(1) == [line])
    }

    @Test func printsOfTheServerDoNot() {
        var bench = connected()
        bench.backend("starting up")
        bench.backend(#"INFO {"jsonrpc":"2.0","method":"notifications/x"}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","method":"notifications/x"}"#])
    }

    @Test func aCrashAnswersWhatWasThereAndTheNextProcessIsToldWhoTheClientIs() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":5,"result":{}}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":6,"method":"resources/subscribe","params":{"uri":"a:b"}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":6,"result":{}}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#)
        _ = bench.take(1)
        _ = bench.takeBackend()
        #expect(bench.mux.inFlight == 1)
        bench.endBackend()
        let lines = bench.take(1)
        #expect(lines.count == 1 && lines[0].hasPrefix(#"{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"#))
        #expect(bench.mux.inFlight == 0)
        #expect(bench.takeOrders().contains(.startBackend))  // The subscription wants it back.
        bench.client(1, #"{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}"#)  // To a question of the dead process.
        bench.client(1, #"{"jsonrpc":"2.0","id":8,"method":"ping"}"#)
        bench.startBackend()
        let told = bench.takeBackend()
        #expect(told.count == 1 && told[0].contains(#""capabilities":{"sampling":{},"roots":{"listChanged":true}}"#))
        #expect(told[0].hasPrefix(#"{"jsonrpc":"2.0","id":"mcp-supervisor-1","method":"initialize","#))
        bench.backend(Self.answer.replacing(#""id":"i""#, with: #""id":"mcp-supervisor-1""#))
        #expect(bench.take(1) == [])
        #expect(
            bench.takeBackend() == [
                Self.initialized,
                #"{"jsonrpc":"2.0","id":"mcp-supervisor-2","method":"logging/setLevel","params":{"level":"debug"}}"#,
                #"{"jsonrpc":"2.0","id":"mcp-supervisor-3","method":"resources/subscribe","params":{"uri":"a:b"}}"#,
                #"{"jsonrpc":"2.0","id":8,"method":"ping"}"#,
            ])
    }

    @Test func anAnswerToADeadProcesssQuestionIsNoAnswerToTheNextOnes() {
        var bench = connected()
        let question = #"{"jsonrpc":"2.0","id":0,"method":"elicitation/create","params":{"message":"old"}}"#
        bench.backend(question)
        bench.endBackend()
        bench.startBackend()
        bench.client(1, #"{"jsonrpc":"2.0","id":8,"method":"ping"}"#)
        bench.startBackend()
        bench.backend(Self.answer.replacing(#""id":"i""#, with: #""id":"mcp-supervisor-2""#))
        _ = (bench.take(1), bench.takeBackend())
        bench.backend(question)
        #expect(bench.take(1) == [question.replacing(#""id":0"#, with: #""id":"mcp-supervisor-3""#)])
        bench.client(1, #"{"jsonrpc":"2.0","id":0,"result":{"action":"accept"}}"#)
        #expect(bench.takeBackend() == [])
        bench.client(1, #"{"jsonrpc":"2.0","id":"mcp-supervisor-3","result":{"action":"decline"}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":0,"result":{"action":"decline"}}"#])
    }

    @Test func aStartThatFailsAnswersWhatWaits() {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.endBackend(willRestart: false, message: "could not be started")
        let lines = bench.take(1)
        #expect(lines.count == 1 && lines[0].contains(#""id":"i","error""#))
        #expect(!bench.mux.needsBackend)
    }

    @Test func theNextSupervisorKnowsTheClientFromWhatTheShimKept() {
        let bench = connected()
        let resume = bench.mux.resume(of: 1)
        var next = Bench { $0.isPrivate = true }
        next.open(1, resume: resume)
        next.client(1, #"{"jsonrpc":"2.0","id":8,"method":"ping"}"#)
        next.startBackend()
        #expect(next.takeBackend().first?.contains(#""method":"initialize""#) == true)
        next.backend(Self.answer.replacing(#""id":"i""#, with: #""id":"mcp-supervisor-1""#))
        #expect(next.takeBackend() == [Self.initialized, #"{"jsonrpc":"2.0","id":8,"method":"ping"}"#])
    }

    @Test func aClientWithoutAHandshakePasses() {
        var bench = Bench { $0.isPrivate = true }
        let line =
            #"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#
        bench.open(1)
        bench.client(1, line)
        bench.startBackend()
        #expect(bench.takeBackend() == [line])
        bench.backend(#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"]}}"#)
        #expect(bench.take(1).count == 1)
        #expect(bench.mux.era == .modern && bench.mux.protocolVersion(of: 1) == "2026-07-28")
        bench.endBackend()
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        bench.startBackend()
        #expect(bench.takeBackend().count == 1)
    }

    @Test func mcpctlCallsBesideTheClient() {
        var bench = connected()
        bench.perform { machine, now, actions in
            machine.call(tool: "t", arguments: nil, token: 4, now: now, into: &actions)
        }
        #expect(bench.takeBackend().first?.contains(#""id":"mcp-supervisor-1""#) == true)
        bench.backend(#"{"jsonrpc":"2.0","id":"mcp-supervisor-1","result":{"content":[]}}"#)
        #expect(bench.replies[4] == #"{"result":{"content":[]}}"#)
        #expect(bench.take(1) == [])
    }

    @Test func noProcessIsToldTwiceThatTheClientIsInitialized() {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.startBackend()
        bench.backend(Self.answer)
        bench.endBackend()
        bench.client(1, Self.initialized)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        _ = bench.takeBackend()
        bench.startBackend()
        bench.backend(#"{"jsonrpc":"2.0","id":"mcp-supervisor-1","result":{}}"#)
        #expect(bench.takeBackend().filter { $0.contains("notifications/initialized") }.count == 1)
    }

    @Test func callsBesideTheClientWaitUntilItIsInitialized() {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.startBackend()
        bench.backend(Self.answer)
        _ = bench.takeBackend()
        bench.perform { $0.call(tool: "t", arguments: [:], token: 1, now: $1, into: &$2) }
        #expect(bench.takeBackend() == [] && bench.replies.isEmpty)
        bench.client(1, Self.initialized)
        let lines = bench.takeBackend()
        #expect(lines.count == 2 && lines[0] == Self.initialized && lines[1].contains("tools/call"))
        bench.perform { $0.call(tool: "t", arguments: [:], token: 2, now: $1, into: &$2) }
        bench.endBackend()
        #expect(bench.replies.count == 2)
    }

    @Test func whoeverCallsBesideTheClientIsToldOfItsEnd() {
        var bench = connected()
        bench.perform { $0.call(tool: "t", arguments: [:], token: 1, now: $1, into: &$2) }
        bench.close(1)
        #expect(bench.replies[1]?.contains("session_ended") == true)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func anIDThatIsUsedTwiceIsCountedOnce() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":7,"method":"prompts/list"}"#)
        #expect(bench.takeBackend().count == 2, "the server is to refuse it")
        bench.backend(#"{"jsonrpc":"2.0","id":7,"result":{}}"#)
        #expect(bench.mux.inFlight == 0)
        bench.backend(#"{"jsonrpc":"2.0","id":7,"result":{}}"#)
        #expect(bench.mux.inFlight == 0 && bench.take(1).count == 2)
    }

    @Test func subscriptionsAreKeptOnceAndHaveABound() {
        var bench = connected()
        for number in 0..<10_100 {
            let uri = "x:\(max(number, 50))"
            bench.client(
                1, #"{"jsonrpc":"2.0","id":\#(number),"method":"resources/subscribe","params":{"uri":"\#(uri)"}}"#)
        }
        let warnings = bench.takeOrders().count { if case .log(.warning, _) = $0 { true } else { false } }
        #expect((1...20).contains(warnings))
        bench.endBackend()
        bench.startBackend()
        _ = bench.takeBackend()
        bench.backend(#"{"jsonrpc":"2.0","id":"mcp-supervisor-1","result":{}}"#)
        #expect(bench.takeBackend().count { $0.contains("resources/subscribe") } == 10_000)
    }

    @Test func whatWasTakenBackIsOwedNothing() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}"#)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#)
        #expect(bench.takeBackend().count == 2 && bench.mux.inFlight == 0)
        bench.endBackend()
        #expect(bench.take(1) == [])
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        components(separatedBy: part).joined(separator: other)
    }

    private func components(separatedBy part: String) -> [String] {
        guard let range = firstRange(of: part) else { return [self] }
        return [String(self[..<range.lowerBound])] + String(self[range.upperBound...]).components(separatedBy: part)
    }
}
