// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// The extension io.modelcontextprotocol/tasks of revision 2026-07-28: the server says what becomes a task.
@Suite struct ModernTaskTests {
    static let knows = #"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#

    private func connected() -> Bench {
        var bench = Bench { $0.era = .modern }
        for session in [1, 2] as [SessionID] { bench.open(session) }
        bench.client(1, Modern.request("0", "prompts/get", #","name":"p""#))
        bench.runModernBackend()
        bench.answer("prompts/get", "{}")
        _ = (bench.take(1), bench.takeBackend(), bench.takeOrders())
        return bench
    }

    private func begin(_ bench: inout Bench, _ task: String, of session: SessionID) {
        bench.client(session, Modern.request("1", "tools/call", #","name":"t""#, capabilities: Self.knows))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.lastID),"result":\#(result(task))}"#)
        _ = (bench.take(session), bench.takeBackend())
    }

    private func result(_ task: String) -> String {
        #"{"resultType":"task","taskId":"\#(task)","status":"working","createdAt":"c","lastUpdatedAt":"u","ttlMs":null}"#
    }

    private func request(_ method: String, _ task: String) -> String {
        Modern.request("5", method, #","taskId":"\#(task)""#, capabilities: Self.knows)
    }

    @Test func theExtensionIsShown() {
        var bench = connected()
        bench.client(1, Modern.request("1", "server/discover"))
        #expect(bench.take(1).first?.contains(#""io.modelcontextprotocol/tasks":{}"#) == true)
    }

    @Test(arguments: ["tasks/get", "tasks/update", "tasks/cancel"])
    func onlyItsOwnerReachesIt(method: String) {
        var bench = connected()
        begin(&bench, "t1", of: 1)
        bench.client(2, request(method, "t1"))
        #expect(bench.take(2).first?.contains("-32602") == true)
        #expect(bench.takeBackend().isEmpty)
        bench.client(1, request(method, "t1"))
        #expect(bench.takeBackend().count == 1)
    }

    @Test(arguments: ["tasks/list", "tasks/result"])
    func whatTheExtensionHasNotIsNotThere(method: String) {
        var bench = connected()
        begin(&bench, "t1", of: 1)
        bench.client(1, request(method, "t1"))
        #expect(bench.take(1).first?.contains("-32601") == true)
    }

    @Test func aListenForTasksIsForOnesOwn() {
        var bench = connected()
        begin(&bench, "t1", of: 1)
        begin(&bench, "t2", of: 2)
        let wanted = #","notifications":{"taskIds":["t1","t2"]}"#
        bench.client(
            1,
            Modern.request(
                "9", "subscriptions/listen", wanted, capabilities: Self.knows, meta: #","v/x":1.0,"progressToken":"p""#)
        )
        let asked = bench.takeBackend().last ?? ""
        #expect(asked.contains(#""notifications":{"taskIds":["t1"]}"#))
        #expect(asked.contains(#"{\#(Modern.version),\#(Modern.capabilities(Self.knows)),\#(Modern.info),"v/x":1.0}"#))
        let id = bench.lastID
        for task in ["t2", "t1"] {
            bench.backend(
                #"{"jsonrpc":"2.0","method":"notifications/tasks","params":{\#(Modern.tag("\(id)")),"taskId":"\#(task)","status":"completed"}}"#
            )
        }
        let told = bench.take(1)
        #expect(told.count == 1 && told[0].contains(#""taskId":"t1""#) && told[0].contains(Modern.tag("9")))
        #expect(bench.take(2).isEmpty)
    }

    @Test func itIsCancelledByOneWhoKnowsTasks() {
        var bench = connected()
        begin(&bench, "t1", of: 1)
        bench.close(1)
        bench.fire(.tasks, after: 60_001)
        let sent = bench.takeBackend().last ?? ""
        #expect(sent.contains(#""method":"tasks/cancel""#) && sent.contains(#""taskId":"t1""#))
        #expect(sent.contains(Modern.capabilities(Self.knows)))
    }

    @Test func aCallThatWasTakenBackLeavesNoTask() {
        var bench = connected()
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#, capabilities: Self.knows))
        let id = bench.lastID
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result("t1"))}"#)
        #expect(bench.takeBackend().last?.contains("tasks/cancel") == true)
        #expect(bench.take(1).isEmpty)
    }

    @Test func aClientOfTheOtherEraIsShownNoTasksAndHasNone() {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "server/discover"))
        #expect(bench.take(1).first?.contains("tasks") == false)
        bench.client(1, Modern.request("2", "tools/call", #","name":"t","task":{}"#))
        #expect(bench.take(1).first?.contains("-32602") == true)
        bench.client(1, request("tasks/get", "t1"))
        #expect(bench.take(1).first?.contains("-32601") == true)
    }
}
