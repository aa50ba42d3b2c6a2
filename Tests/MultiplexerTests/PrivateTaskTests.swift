// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Tasks at a backend of one session: it is at work until they have ended, though no request is open.
@Suite struct PrivateTaskTests {
    private let call =
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","task":{"ttl":60000}}}"#

    private func running(ttl: String = "60000") -> Bench {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.startBackend()
        bench.client(1, call)
        let created = #"{"jsonrpc":"2.0","id":1,"result":{"task":\#(task("working", ttl))}}"#
        bench.backend(created)
        #expect(bench.take(1) == [created] && bench.takeBackend() == [call])
        return bench
    }

    private func task(_ status: String, _ ttl: String = "60000") -> String {
        #"{"taskId":"a","status":"\#(status)","createdAt":"c","lastUpdatedAt":"u","ttl":\#(ttl)}"#
    }

    private func ask(_ bench: inout Bench, _ method: String, _ answer: String) {
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"\#(method)","params":{"taskId":"a"}}"#)
        let line = #"{"jsonrpc":"2.0","id":2,\#(answer)}"#
        bench.backend(line)
        #expect(bench.take(1) == [line])
    }

    @Test(arguments: ["completed", "failed", "cancelled"])
    func aTaskIsWorkUntilItsAnswerSaysThatItIsOver(status: String) {
        var bench = running()
        #expect(bench.mux.inFlight == 1)
        ask(&bench, "tasks/get", #""result":\#(task("input_required"))"#)
        #expect(bench.mux.inFlight == 1)
        ask(&bench, "tasks/get", #""result":\#(task(status))"#)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func aNoticeEndsItToo() {
        var bench = running()
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(task("working"))}"#)
        #expect(bench.mux.inFlight == 1)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(task("completed"))}"#)
        #expect(bench.mux.inFlight == 0)
    }

    @Test(arguments: [
        ("tasks/result", #""result":{"content":[]}"#, 0),
        ("tasks/cancel", #""result":{"taskId":"a","status":"cancelled"}"#, 0),
        ("tasks/get", #""error":{"code":-32602,"message":"no such task"}"#, 0),
        ("tasks/get", #""error":{"code":-32603,"message":"busy"}"#, 1),
    ])
    func whatElseTellsOfItsEnd(method: String, answer: String, left: Int) {
        var bench = running()
        ask(&bench, method, answer)
        #expect(bench.mux.inFlight == left)
    }

    @Test func itIsBelievedForAsLongAsItIsKept() {
        var bench = running()
        #expect(bench.takeOrders().contains(.arm(.tasks, milliseconds: 60_001)))
        bench.fire(.tasks, after: 59_000)
        #expect(bench.mux.inFlight == 1)
        bench.fire(.tasks, after: 1_001)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func oneThatSetsNoTimeIsNotBelievedForEver() {
        var bench = running(ttl: "null")
        bench.fire(.tasks, after: 3_600_001)
        #expect(bench.mux.inFlight == 0)
        ask(&bench, "tasks/get", #""result":\#(task("working", "null"))"#)
        #expect(bench.mux.inFlight == 1, "it says itself that it runs")
    }

    @Test func itEndsWithTheProcessAndWithTheSession() {
        var bench = running()
        bench.endBackend()
        #expect(bench.mux.inFlight == 0)
        bench = running()
        bench.close(1)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func aBackendThatEndsNoneHasABound() {
        var bench = running()
        for number in 0..<1_100 {
            bench.client(1, call)
            let task = task("working").replacing(#""a""#, with: "\"t\(number)\"")
            bench.backend(#"{"jsonrpc":"2.0","id":1,"result":{"task":\#(task)}}"#)
        }
        #expect(bench.mux.inFlight == 1_024)
    }

    @Test func aServerOfTheStatelessEraSaysItselfWhatBecomesATask() {
        var bench = Bench { $0.isPrivate = true }
        bench.open(1)
        bench.startBackend()
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#, capabilities: ModernTaskTests.knows))
        let task = #""taskId":"a","createdAt":"c","lastUpdatedAt":"u","ttlMs":null"#
        bench.backend(#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","status":"working",\#(task)}}"#)
        #expect(bench.mux.inFlight == 1)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tasks","params":{"status":"completed",\#(task)}}"#)
        #expect(bench.mux.inFlight == 0)
    }
}
