// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// What is under way when a session changes over, and what its old backend says to it afterwards.
@Suite struct LeavingTests {
    private static let activate =
        #"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"activate_project","arguments":{}}}"#
    private static let call =
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":{}}}"#
    private static let subscribe =
        #"{"jsonrpc":"2.0","id":"s","method":"resources/subscribe","params":{"uri":"x:a"}}"#
    private static let unsubscribe =
        #"{"jsonrpc":"2.0","id":"u","method":"resources/unsubscribe","params":{"uri":"x:a"}}"#

    private func bench(_ configure: (inout MultiplexerConfiguration) -> Void = { _ in }) -> Bench {
        Bench {
            $0.privateTools = [PrivateTool(name: "activate_project")]
            configure(&$0)
        }
    }

    private func connected(version: String = "2025-11-25") -> Bench {
        var bench = bench()
        bench.connect(1, 2, version: version)
        return bench
    }

    private func moved(_ bench: inout Bench) {
        bench.perform { $0.moved(1, now: $1, into: &$2) }
    }

    // MARK: - Subscriptions

    @Test func aSubscribeUnderWayIsAskedOfTheOtherBackend() throws {
        var bench = connected()
        bench.client(1, Self.subscribe)
        let id = try #require(bench.backendID("resources/subscribe"))
        bench.client(1, Self.activate)
        moved(&bench)
        #expect(bench.handedOn[1] == [Self.subscribe, Self.activate])
        #expect(bench.takeOrders().contains(.left(1)))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(bench.take(1) == [])
        #expect(bench.takeBackend().contains { $0.contains("resources/unsubscribe") }, "nobody wants it here")
    }

    @Test func anUnsubscribeUnderWayIsAnswered() throws {
        var bench = connected()
        bench.client(1, Self.subscribe)
        let id = try #require(bench.backendID("resources/subscribe"))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        bench.client(1, Self.unsubscribe)
        bench.client(1, Self.activate)
        _ = bench.take(1)
        moved(&bench)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":"u","result":{}}"#])
        #expect(bench.takeOrders().contains(.left(1)))
    }

    @Test func aSubscribeInABatchIsAnsweredInIt() {
        var bench = connected(version: "2025-03-26")
        bench.client(1, "[\(Self.subscribe)]")
        bench.client(1, Self.activate)
        moved(&bench)
        let answers = bench.take(1)
        #expect(answers.count == 1 && answers[0].hasPrefix(#"[{"jsonrpc":"2.0","id":"s","error""#))
        #expect(bench.handedOn[1] == [Self.activate])
        #expect(bench.takeOrders().contains(.left(1)))
    }

    @Test func whatWasSubscribedWhileItWaitedGoesAlong() throws {
        var bench = connected()
        bench.client(1, Self.subscribe)
        let id = try #require(bench.backendID("resources/subscribe"))
        bench.client(1, Self.activate)
        var other = self.bench { $0.isMoved = true }
        let early = bench.mux.resume(of: 1)
        other.perform { $0.arrive(1, resume: early, question: 5, now: $1, into: &$2) }
        other.runBackend()
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        let late = bench.mux.resume(of: 1)
        other.perform { $0.catchUp(1, resume: late, now: $1, into: &$2) }
        #expect(other.takeBackend().contains { $0.contains("resources/subscribe") && $0.contains("x:a") })
        let none = Bench.resume(without: early)
        other.perform { $0.catchUp(1, resume: none, now: $1, into: &$2) }
        #expect(other.mux.resume(of: 1) == none)
    }

    @Test func nothingOfWhatASessionIsIsTooLongToGoAlong() {
        var bench = bench()
        bench.open(1)
        let capabilities = #"{"elicitation":{},"x":"\#(String(repeating: "x", count: 5_000))"}"#
        bench.client(
            1, Bench.initialize().replacing(#""capabilities":{}"#, with: #""capabilities":\#(capabilities)"#))
        bench.runBackend()
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        for number in 1...300 {
            let uri = "file:///\(String(repeating: "a", count: 70))/\(number)"
            bench.client(
                1, #"{"jsonrpc":"2.0","id":\#(number),"method":"resources/subscribe","params":{"uri":"\#(uri)"}}"#)
            bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.backendID("resources/subscribe") ?? 0),"result":{}}"#)
        }
        #expect(bench.mux.resume(of: 1).count < 16 << 10)
        let whole = bench.mux.wholeResume(of: 1)
        var other = self.bench { $0.isMoved = true }
        other.perform { $0.arrive(1, resume: whole, question: 5, now: $1, into: &$2) }
        other.runBackend()
        other.perform { $0.catchUp(1, resume: whole, now: $1, into: &$2) }
        let said = other.takeBackend()
        #expect(said.count { $0.contains("resources/subscribe") } == 300)
        #expect(!said.contains { $0.contains("resources/unsubscribe") })
        #expect(other.mux.wholeResume(of: 1) == whole)
    }

    // MARK: - Tasks

    /// Its session 1 has moved; `t1` is a task of that, `t2` of another.
    private func movedWithTasks() -> Bench {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.begin("t2", of: 2)
        bench.client(1, Self.activate)
        moved(&bench)
        return bench
    }

    @Test func aTaskIsReachedWhereItRuns() {
        var bench = movedWithTasks()
        #expect(bench.mux.hasLeft(1) && !bench.takeOrders().contains(.left(1)))
        bench.client(1, TaskLine.request(5, "tasks/get", "t1"))
        #expect(bench.backendReceived.last?.contains(#""params":{"taskId":"t1"}"#) == true)
        bench.answer("tasks/get", TaskLine.text("t1"))
        let status = #"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(TaskLine.text("t1"))}"#
        bench.backend(status)
        #expect(bench.take(1).last == status)
        let others = TaskLine.request(6, "tasks/get", "t2")
        bench.client(1, others)
        #expect(bench.handedOn[1] == [Self.activate, others], "of another, or of the other backend")
        bench.endBackend()
        #expect(bench.takeOrders().contains(.left(1)))
    }

    @Test func theListOfTasksGoesOnAtTheOtherBackend() {
        var bench = movedWithTasks()
        bench.client(1, #"{"jsonrpc":"2.0","id":9,"method":"tasks/list"}"#)
        bench.answer("tasks/list", #"{"tasks":[\#(TaskLine.text("t1")),\#(TaskLine.text("t2"))]}"#)
        let cursor = "mcp-supervisor:moved"
        #expect(
            bench.take(1).last
                == #"{"jsonrpc":"2.0","id":9,"result":{"tasks":[\#(TaskLine.text("t1"))],"nextCursor":"\#(cursor)"}}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":9,"method":"tasks/list","params":{"cursor":"\#(cursor)"}}"#)
        #expect(bench.handedOn[1]?.last == #"{"jsonrpc":"2.0","id":9,"method":"tasks/list"}"#)
    }

    @Test func thatCursorOutlivesTheOldBackend() {
        var bench = bench { $0.isMoved = true }
        bench.connect(1)
        bench.client(
            1, #"{"jsonrpc":"2.0","id":9,"method":"tasks/list","params":{"cursor":"mcp-supervisor:moved"}}"#)
        #expect(bench.backendReceived.last?.hasSuffix(#""method":"tasks/list"}"#) == true)
        bench.answer("tasks/list", #"{"tasks":[]}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":9,"result":{"tasks":[]}}"#])
    }

    // MARK: - Roots

    @Test func anOpenQuestionForRootsKeepsNobody() throws {
        var bench = bench { $0.roots = .union }
        bench.open(1)
        bench.client(
            1,
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}}}}"#
        )
        bench.runBackend()
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        let question = try #require(bench.take(1).last)
        #expect(question.contains("roots/list"))
        bench.client(1, Self.activate)
        moved(&bench)
        #expect(bench.takeOrders().contains(.left(1)))
    }

    // MARK: - Before the handshake is answered

    @Test func aMoveWaitsForTheHandshake() {
        var bench = bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.client(1, Self.activate)
        bench.client(1, Self.call)
        #expect(!bench.takeOrders().contains(.move(1)))
        #expect(!bench.mux.isMoving(1))
        bench.runBackend()
        #expect(bench.takeOrders().contains(.move(1)))
        #expect(bench.mux.isMoving(1))
        #expect(bench.take(1).count == 1, "initialize")
        let resume = String(decoding: bench.mux.resume(of: 1), as: UTF8.self)
        #expect(resume.contains(#""initialized":true"#))
        moved(&bench)
        #expect(bench.handedOn[1] == [Self.activate, Self.call])
    }

    @Test func whatWaitsBehindAHandshakeThatFailsFailsWithIt() {
        var bench = bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.client(1, Self.activate)
        bench.client(1, Self.call)
        bench.startBackend()
        bench.endBackend(willRestart: false)
        let answers = bench.take(1)
        #expect(answers.count == 3)
        #expect(answers.allSatisfy { $0.contains("-32603") })
        bench.client(1, Bench.initialize())
        bench.runBackend()
        #expect(bench.take(1).count == 1, "it may try again")
        #expect(!bench.mux.isMoving(1))
    }

    // MARK: - Ids and handshakes

    @Test func anIDThatIsInFlightHereIsRefused() throws {
        var bench = connected()
        bench.client(1, Self.call)
        let id = try #require(bench.backendID("tools/call"))
        bench.client(1, Self.activate)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#)
        #expect(bench.take(1).first?.contains("-32600") == true)
        bench.client(1, #"{"jsonrpc":"2.0","id":"a","method":"prompts/list"}"#)
        #expect(bench.take(1).first?.contains(#""id":"a","error":{"code":-32600"#) == true, "that waits")
        moved(&bench)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#)
        #expect(bench.take(1).first?.contains("-32600") == true)
        #expect(bench.handedOn[1] == [Self.activate])
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
    }

    @Test func aSecondHandshakeEndsWhatIsUnderWayHere() throws {
        var bench = connected()
        bench.client(1, Self.call)
        let id = try #require(bench.backendID("tools/call"))
        bench.client(1, Self.activate)
        moved(&bench)
        _ = bench.takeBackend()
        bench.client(1, Bench.initialize())
        #expect(bench.handedOn[1] == [Self.activate, Bench.initialize()])
        #expect(bench.takeBackend().contains { $0.contains("notifications/cancelled") && $0.contains("\(id)") })
        #expect(bench.takeOrders().contains(.left(1)))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(bench.take(1) == [])
    }

    @Test func aSecondHandshakeEndsTheMove() {
        var bench = connected()
        bench.client(1, Self.activate)
        _ = bench.takeOrders()
        bench.client(1, Bench.initialize())
        #expect(bench.take(1).count == 1 && bench.handedOn.isEmpty)
        #expect(bench.takeOrders().contains(.stay(1)))
        #expect(!bench.mux.isMoving(1))
        moved(&bench)
        #expect(!bench.mux.hasLeft(1))
        bench.client(1, Self.call)
        #expect(bench.takeBackend().count == 1)
    }

    // MARK: - Broadcasts

    @Test func theOldBackendTellsItNothingNew() {
        var bench = connected()
        bench.client(1, Self.call)
        bench.client(1, Self.activate)
        moved(&bench)
        bench.client(2, Self.call)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        bench.fire(.listChanged, after: 200)
        #expect(bench.take(1) == [])
        #expect(bench.take(2).count == 1)
    }
}

extension Bench {
    /// What a session would leave that has no subscriptions.
    fileprivate static func resume(without resume: [UInt8]) -> [UInt8] {
        guard var value = (try? JSONValue(parsing: resume))?.objectValue else { return [] }
        value["subscriptions"] = nil
        return Array(JSONValue.object(value).text.utf8)
    }
}
