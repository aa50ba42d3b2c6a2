// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Tools that ask: alone at the backend while they run, and their questions reach their caller (protocol.md §2.4).
@Suite struct LaneTests {
    private func connected() -> Bench {
        var bench = Bench { $0.interactiveTools = ["ask"] }
        for session in [1, 2] as [SessionID] {
            bench.open(session)
            bench.client(
                session,
                #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"c","version":"1"}}}"#
            )
        }
        bench.runBackend()
        _ = (bench.take(1), bench.take(2), bench.takeBackend(), bench.takeOrders())
        return bench
    }

    private func call(_ id: Int, _ tool: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)"}}"#
    }

    private func answer(_ bench: inout Bench, _ tool: String) {
        let line = bench.backendReceived.last { $0.contains("\"\(tool)\"") } ?? ""
        let id = (try? JSONValue(parsing: line))?["id"]?.intValue ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
    }

    @Test func theBackendIsToldThatItsClientCanBeAsked() {
        var bench = Bench { $0.interactiveTools = ["ask"] }
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.startBackend()
        #expect(bench.backendReceived[0].contains(#""elicitation":{}"#))
    }

    @Test func whileOneRunsNoOtherCallIsSent() {
        var bench = connected()
        bench.client(1, call(1, "ask"))
        bench.client(2, call(1, "other"))
        bench.client(2, #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        #expect(bench.backendReceived.count == 1 && bench.backendReceived[0].contains("\"ask\""))
        #expect(bench.take(2).count == 1)  // The ping is answered all the same.
        answer(&bench, "ask")
        #expect(bench.backendReceived.count == 2 && bench.backendReceived[1].contains("\"other\""))
    }

    @Test func whoIsAskedMayCallAnotherToolToKnowTheAnswer() {
        var bench = connected()
        bench.client(1, call(1, "other"))
        bench.client(2, call(1, "ask"))
        bench.backend(#"{"jsonrpc":"2.0","id":9,"method":"elicitation/create","params":{}}"#)
        #expect(bench.take(1).count == 1)
        bench.client(1, call(2, "look"))
        #expect(bench.takeBackend().last?.contains("\"look\"") == true)
    }

    @Test func itWaitsForTheCallsThatRun() {
        var bench = connected()
        bench.client(1, call(1, "other"))
        bench.client(2, call(1, "ask"))
        bench.client(1, call(2, "late"))
        #expect(bench.backendReceived.count == 1)
        answer(&bench, "other")
        #expect(bench.backendReceived.count == 2 && bench.backendReceived[1].contains("\"ask\""))
        answer(&bench, "ask")
        #expect(bench.backendReceived.count == 3 && bench.backendReceived[2].contains("\"late\""))
    }

    @Test func nobodyWhoComesLaterOvertakesOneThatWaits() {
        var bench = connected()
        bench.client(1, call(1, "ask"))
        bench.client(2, call(1, "ask"))
        bench.client(1, call(2, "ask"))
        bench.client(2, call(2, "plain"))
        var order: [String] = []
        for _ in 0..<4 {
            let sent = bench.takeBackend()
            guard let line = sent.first, let message = try? JSONValue(parsing: line) else { break }
            #expect(sent.count == 1)
            order.append(message["params"]?["name"]?.stringValue ?? "")
            bench.backend(#"{"jsonrpc":"2.0","id":\#(message["id"]?.intValue ?? 0),"result":{"content":[]}}"#)
        }
        #expect(order == ["ask", "ask", "ask", "plain"])
        #expect(bench.take(1).count == 2 && bench.take(2).count == 2)
    }

    @Test func itsQuestionReachesItsCallerAndTheAnswerComesBack() {
        var bench = connected()
        bench.client(2, call(5, "ask"))
        bench.backend(#"{"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"message":"sure?"}}"#)
        #expect(bench.take(1) == [])
        #expect(
            bench.take(2) == [#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"sure?"}}"#])
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}"#)  // Not its question.
        #expect(bench.backendReceived.count == 1)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"n":1.0}}}"#)
        #expect(
            bench.backendReceived.last
                == #"{"jsonrpc":"2.0","id":"q1","result":{"action":"accept","content":{"n":1.0}}}"#)
    }

    @Test func whatTheClientDidNotDeclareIsRefusedAsAClientWould() {
        var bench = connected()
        bench.client(1, call(1, "ask"))
        bench.backend(#"{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{}}"#)
        #expect(bench.take(1) == [])
        #expect(bench.backendReceived.last?.hasPrefix(#"{"jsonrpc":"2.0","id":7,"error":{"code":-32600"#) == true)
    }

    @Test func aQuestionInTheMiddleOfSeveralCallsIsNobodys() {
        var bench = connected()
        bench.client(1, call(1, "x"))
        bench.client(2, call(1, "y"))
        bench.backend(#"{"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{}}"#)
        #expect(bench.take(1) + bench.take(2) == [])
        #expect(bench.backendReceived.last == #"{"jsonrpc":"2.0","id":7,"result":{"action":"cancel"}}"#)
    }

    @Test(arguments: [true, false]) func aCallerThatGoesLeavesNoQuestionOpenAndNoLaneClosed(byCancelling: Bool) {
        var bench = connected()
        bench.client(1, call(1, "ask"))
        bench.backend(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}"#)
        bench.client(2, call(1, "other"))
        _ = bench.take(1)
        _ = bench.takeBackend()
        if byCancelling {
            bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
            #expect(bench.take(1).first?.contains("notifications/cancelled") == true)
        } else {
            bench.close(1)
        }
        let sent = bench.takeBackend()
        #expect(sent.contains(#"{"jsonrpc":"2.0","id":"q","result":{"action":"cancel"}}"#))
        #expect(sent.contains { $0.contains("\"other\"") })
    }

    @Test func aCrashOpensTheLaneAndTakesQuestionsBack() {
        var bench = connected()
        bench.client(1, call(1, "ask"))
        bench.backend(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}"#)
        bench.client(2, call(1, "other"))
        _ = bench.take(1)
        bench.endBackend()
        #expect(bench.take(1).count == 2)  // The question is taken back, the call answered.
        bench.runBackend()
        #expect(bench.backendReceived.last?.contains("\"other\"") == true)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}"#)
        #expect(bench.backendReceived.last?.contains("\"other\"") == true)
    }

    @Test func whoTakesBackACallThatWaitsLetsOthersPass() {
        var bench = connected()
        bench.client(1, call(1, "x"))
        bench.client(2, call(1, "ask"))
        bench.client(2, call(2, "y"))
        bench.client(1, call(2, "z"))
        #expect(bench.takeBackend().count == 1)
        bench.client(2, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        let sent = bench.takeBackend()
        #expect(sent.count == 2 && sent.first?.contains("\"y\"") == true && sent.last?.contains("\"z\"") == true)
    }

    @Test func aClientThatDoesNotReadKeepsNobodyWaiting() {
        var bench = connected()
        bench.client(1, call(1, "x"))
        bench.client(2, call(1, "ask"))
        bench.perform { $0.readerChanged(2, to: .isFull, now: $1, into: &$2) }
        bench.client(1, call(2, "z"))
        #expect(bench.takeBackend().count == 2)
    }
}
