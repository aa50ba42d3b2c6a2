// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Tasks of revision 2025-11-25: each is the session's whose call became it (protocol.md §2.2).
@Suite struct TaskTests {
    static let notFound = "Failed to retrieve task: Task not found"

    private func connected() -> Bench {
        var bench = Bench()
        bench.connect(1, 2)
        return bench
    }

    @Test func theCapabilityIsShownAsTheBackendHasIt() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.runBackend()
        #expect(bench.take(1).first?.contains(#""tasks":{"list":{}}"#) == true)
    }

    @Test func theCallPassesAsItIsAndSoDoesItsAnswer() {
        var bench = connected()
        bench.client(
            1, #"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"t","task":{"ttl":1.0}}}"#)
        #expect(bench.takeBackend().first?.hasSuffix(#""params":{"name":"t","task":{"ttl":1.0}}}"#) == true)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{"task":\#(TaskLine.text("t1")),"_meta":{"v/x":1.0}}}"#)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":"a","result":{"task":\#(TaskLine.text("t1")),"_meta":{"v/x":1.0}}}"#
            ])
        // The shim knows of it before the client can act on it.
        #expect(bench.takeOrders().contains(.sessionChanged(1)))
    }

    @Test(arguments: ["tasks/get", "tasks/result", "tasks/cancel"])
    func onlyItsOwnerReachesIt(method: String) {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(1, TaskLine.request(5, method, "t1"))
        #expect(bench.takeBackend().first?.contains(#""params":{"taskId":"t1"}"#) == true)
        bench.client(2, TaskLine.request(5, method, "t1"))
        let foreign = bench.take(2)
        bench.client(2, TaskLine.request(5, method, "never was"))
        #expect(foreign.count == 1 && foreign[0].contains("-32602") && foreign[0].contains(Self.notFound))
        #expect(bench.take(2) == foreign)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test(arguments: ["tasks/get", "tasks/result", "tasks/cancel"])
    func anAnswerThatTellsOfAnothersTaskOfThatNameIsKeptBack(method: String) {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(1, TaskLine.request(5, method, "t1"))
        let question = bench.lastID
        bench.begin("t1", of: 2)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(question),"result":\#(TaskLine.text("t1"))}"#)
        let told = bench.take(1)
        #expect(told.count == 1 && told[0].contains("-32602") && told[0].contains(Self.notFound))
    }

    @Test(arguments: [
        #"{"taskId":"t2","taskId":"t1"}"#, #"{"taskId":"t1","taskId":"t2"}"#, #"{"taskId":1}"#, "{}",
        #"{"taskId":"t2","t\u0061skId":"t1"}"#, "[]",
    ])
    func aNameThatTwoReadersReadDifferentlyIsNone(params: String) {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.begin("t2", of: 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"tasks/get","params":\#(params)}"#)
        #expect(bench.take(1).first?.contains(Self.notFound) == true)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test func aNameIsTheSameHoweverItIsWritten() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"tasks/get","params":{"taskId":"\u0074\u0031"}}"#)
        #expect(bench.takeBackend().count == 1)
    }

    @Test func aBackendWithoutTasksHasNoneToAskFor() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.runBackend(result: #"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}"#)
        _ = bench.take(1)
        for method in ["tasks/get", "tasks/list", "tasks/update"] {
            bench.client(1, TaskLine.request(5, method, "t"))
            #expect(bench.take(1).first?.contains("-32601") == true)
        }
    }

    @Test func theListIsTheCallersOwnOnOnePage() {
        var bench = connected()
        for (id, session) in [("a", 1), ("b", 2), ("c", 1)] as [(String, SessionID)] { bench.begin(id, of: session) }
        bench.client(1, #"{"jsonrpc":"2.0","id":9,"method":"tasks/list"}"#)
        bench.answer(
            "tasks/list", #"{"tasks":[\#(TaskLine.text("a")),\#(TaskLine.text("b"))],"nextCursor":"b"}"#)
        #expect(bench.take(1).isEmpty)
        #expect(bench.takeBackend().last?.contains(#""method":"tasks/list","params":{"cursor":"b"}"#) == true)
        bench.backend(
            #"{"jsonrpc":"2.0","id":\#(bench.lastID),"result":{"tasks":[\#(TaskLine.text("x")),\#(TaskLine.text("c"))]}}"#
        )
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":9,"result":{"tasks":[\#(TaskLine.text("a")),\#(TaskLine.text("c"))]}}"#
            ])
        #expect(bench.mux.inFlight(of: 1) == 0)
        bench.client(1, #"{"jsonrpc":"2.0","id":9,"method":"tasks/list","params":{"cursor":"b"}}"#)
        #expect(bench.take(1).first?.contains("-32602") == true)
    }

    @Test func aListThatIsTakenBackAsksForNoFurtherPage() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":9,"method":"tasks/list"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#)
        bench.answer("tasks/list", #"{"tasks":[],"nextCursor":"b"}"#)
        #expect(bench.takeBackend().filter { $0.contains("cursor") }.isEmpty)
        #expect(bench.take(1).isEmpty && bench.mux.inFlight == 0)
    }

    @Test func progressGoesOnUntilTheTaskIsOver() {
        var bench = connected()
        bench.begin("t1", of: 1, meta: #","_meta":{"progressToken":"mine"}"#)
        let progress =
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(bench.lastID),"progress":1}}"#
        bench.backend(progress)
        #expect(bench.take(1).first?.contains(#""progressToken":"mine""#) == true)
        #expect(bench.mux.inFlight == 1)  // A backend that works on a task is not idle.
        bench.client(1, TaskLine.request(5, "tasks/get", "t1"))
        bench.answer("tasks/get", TaskLine.text("t1", status: "completed"))
        _ = bench.take(1)
        bench.backend(progress)
        #expect(bench.take(1).isEmpty && bench.take(2).isEmpty)
        #expect(bench.mux.inFlight == 0)
        // What it brought may be fetched all the same.
        bench.client(1, TaskLine.request(6, "tasks/result", "t1"))
        #expect(bench.backendID("tasks/result") != nil)
    }

    @Test func itsStatusIsForItsOwner() {
        var bench = connected()
        bench.begin("t1", of: 1)
        let status =
            #"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(TaskLine.text("t1", status: "failed"))}"#
        bench.backend(status)
        bench.backend(status.replacing("t1", with: "t9"))
        #expect(bench.take(1) == [status])
        #expect(bench.take(2).isEmpty)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func whatIsLoggedOfATaskIsForItsOwner() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        let log = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"d"#
        bench.backend(log + #"",\#(TaskLine.related("t1"))}}"#)
        #expect(bench.take(1).count == 1 && bench.take(2).isEmpty)
        // It could be the call's, and it could be the task's.
        bench.backend(log + #""}}"#)
        #expect(bench.take(1).isEmpty && bench.take(2).isEmpty)
    }
}

/// The words of tasks, for tests.
enum TaskLine {
    static func text(_ id: String, status: String = "working", ttl: String = "null") -> String {
        #"{"taskId":"\#(id)","status":"\#(status)","createdAt":"c","lastUpdatedAt":"u","ttl":\#(ttl)}"#
    }

    static func request(_ id: Int, _ method: String, _ task: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{"taskId":"\#(task)"}}"#
    }

    static func related(_ id: String) -> String {
        #""_meta":{"io.modelcontextprotocol/related-task":{"taskId":"\#(id)"}}"#
    }
}

extension TaskTests {
    /// A call that failed as a task is answered as it would have been: with an error, which says nothing of the task.
    @Test(arguments: [(true, 1), (false, 0)])
    func anErrorForAResultMakesUsAskHowTheTaskStands(hasFailed: Bool, heard: Int) {
        var bench = Bench()
        bench.connect(1, 2)
        bench.begin("t1", of: 1)
        bench.client(1, TaskLine.request(5, "tasks/result", "t1"))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.lastID),"error":{"code":-32000,"message":"it broke"}}"#)
        #expect(bench.take(1).last?.contains("it broke") == true)
        bench.answer("tasks/get", TaskLine.text("t1", status: hasFailed ? "failed" : "working"))
        #expect(bench.take(1).isEmpty)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"x"}}"#)
        #expect(bench.take(2).count == heard, "whose it is, is known once no task of another runs")
    }
}

extension Bench {
    /// The id of the last request at the backend.
    var lastID: Int64 { Int64(mux.lastRequestID) }

    /// A call that becomes a task.
    mutating func begin(_ task: String, of session: SessionID, meta: String = "", ttl: String = "null") {
        client(
            session,
            #"{"jsonrpc":"2.0","id":"\#(task)","method":"tools/call","params":{"name":"t","task":{}\#(meta)}}"#)
        backend(#"{"jsonrpc":"2.0","id":\#(lastID),"result":{"task":\#(TaskLine.text(task, ttl: ttl))}}"#)
        received[session] = nil
        backendReceived = []
    }

    /// Answers the last request of this method.
    mutating func answer(_ method: String, _ result: String) {
        backend(#"{"jsonrpc":"2.0","id":\#(backendID(method) ?? 0),"result":\#(result)}"#)
    }
}
