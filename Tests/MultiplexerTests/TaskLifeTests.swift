// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// What becomes of tasks when one side goes (protocol.md §2.7 d, e), and what they ask.
@Suite struct TaskLifeTests {
    private func connected(_ configure: (inout MultiplexerConfiguration) -> Void = { _ in }) -> Bench {
        var bench = Bench(configure)
        bench.connect(1, 2)
        return bench
    }

    private func refuses(_ bench: inout Bench, _ session: SessionID, _ task: String) -> Bool {
        bench.client(session, TaskLine.request(77, "tasks/get", task))
        return bench.take(session).contains { $0.contains(TaskTests.notFound) }
    }

    @Test func aTaskThatNobodyComesBackToIsCancelled() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.begin("t2", of: 2)
        bench.close(1)
        #expect(bench.takeOrders().contains(.arm(.tasks, milliseconds: 60_001)))
        bench.fire(.tasks, after: 59_000)
        #expect(bench.takeBackend().isEmpty)
        bench.fire(.tasks, after: 1_001)
        let sent = bench.takeBackend()
        #expect(sent.count == 1 && sent[0].contains(#""method":"tasks/cancel","params":{"taskId":"t1"}"#))
        #expect(!refuses(&bench, 2, "t2"))
    }

    @Test func aSessionThatComesBackInTimeHasItsTasks() {
        var bench = connected()
        bench.begin("t1", of: 1)
        let resume = bench.mux.resume(of: 1)
        bench.close(1)
        bench.now += 50_000
        // Whoever else asks while it is away gets nothing.
        #expect(refuses(&bench, 2, "t1"))
        bench.open(3, resume: resume)
        #expect(!refuses(&bench, 3, "t1"))
        bench.fire(.tasks, after: 20_000)
        #expect(bench.takeBackend().filter { $0.contains("tasks/cancel") }.isEmpty)
    }

    @Test func whatOneKeptIsNoWayToAnothersTask() {
        var bench = connected()
        bench.begin("t1", of: 1)
        let resume = bench.mux.resume(of: 1)
        bench.open(3, resume: resume)
        #expect(refuses(&bench, 3, "t1"))
        #expect(!refuses(&bench, 1, "t1"))
    }

    @Test func aBackendThatOutlivesItsSupervisorKeepsItsTasks() {
        var bench = connected()
        bench.begin("t1", of: 1)
        let resume = bench.mux.resume(of: 1)
        let last = bench.mux.lastRequestID
        bench.mux = Multiplexer(configuration: bench.mux.configuration, snapshot: bench.mux.snapshot)
        bench.perform { mux, now, actions in
            _ = mux.backendAdopted(generation: 1, era: .legacy, lastID: last, now: now, into: &actions)
        }
        bench.open(3, resume: resume)
        bench.open(4, resume: resume)
        #expect(!refuses(&bench, 3, "t1"))
        #expect(refuses(&bench, 4, "t1"))
    }

    @Test func aNewHandshakeLeavesNothingOfTheOldOne() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(1, Bench.initialize())
        #expect(bench.takeBackend().contains { $0.contains("tasks/cancel") })
        #expect(refuses(&bench, 1, "t1"))
    }

    @Test func aCallThatWasTakenBackLeavesNoTask() {
        for disconnects in [false, true] {
            var bench = connected()
            bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","task":{}}}"#)
            if disconnects {
                bench.close(1)
            } else {
                bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
            }
            bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{"task":\#(TaskLine.text("t1"))}}"#)
            #expect(bench.takeBackend().last?.contains(#""method":"tasks/cancel","params":{"taskId":"t1"}"#) == true)
            #expect(bench.take(1).isEmpty)
        }
    }

    @Test func aTaskThatIsBeingCancelledMayStillSpeak() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","task":{}}}"#)
        bench.close(1)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{"task":\#(TaskLine.text("t1"))}}"#)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        let log = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"d""#
        for more in ["", ",\(TaskLine.related("t1"))", ",\(TaskLine.related("never was"))"] {
            bench.backend(log + more + "}}")
            #expect(bench.take(2).isEmpty)
        }
        bench.answer("tasks/cancel", TaskLine.text("t1", status: "cancelled"))
        bench.backend(log + "}}")
        #expect(bench.take(2).count == 1)
    }

    @Test func aNameThatIsUsedAgainIsNoWayToWhatItMeansNow() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","task":{}}}"#)
        bench.client(2, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.lastID),"result":{"task":\#(TaskLine.text("t1"))}}"#)
        #expect(refuses(&bench, 1, "t1"))
        #expect(refuses(&bench, 2, "t1"))
    }

    @Test func theOwnerIsToldWhenTheBackendDies() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.begin("t2", of: 2)
        bench.endBackend()
        let told = bench.take(1)
        #expect(told.count == 1)
        #expect(told.first?.contains(#""method":"notifications/tasks/status""#) == true)
        #expect(told.first?.contains(#""taskId":"t1","status":"failed""#) == true)
        #expect(told.first?.contains("exited (status 1)") == true)
        bench.runBackend()
        for (session, answer) in [(1, "that ran it has ended"), (2, TaskTests.notFound)] as [(SessionID, String)] {
            _ = bench.take(session)
            bench.client(session, TaskLine.request(5, "tasks/get", "t1"))
            let answers = bench.take(session)
            #expect(answers.count == 1 && answers[0].contains("-32602") && answers[0].contains(answer))
        }
    }

    @Test func aNewProcessMayUseAnOldName() {
        var bench = connected()
        bench.begin("1", of: 1)
        bench.endBackend()
        bench.runBackend()
        bench.begin("1", of: 2)
        #expect(refuses(&bench, 1, "1"))
        #expect(!refuses(&bench, 2, "1"))
    }

    @Test func aRequestThatWaitedForAnotherProcessIsNoWayToAnothersTask() {
        var bench = connected { $0.maximumInFlightPerSession = 1 }
        bench.begin("1", of: 1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}}"#)
        bench.client(1, TaskLine.request(2, "tasks/get", "1"))
        bench.endBackend()
        bench.runBackend()
        bench.answer("prompts/get", "{}")
        #expect(bench.take(1).contains { $0.contains(#""id":2,"#) && $0.contains("-32602") })
        #expect(bench.takeBackend().filter { $0.contains("tasks/get") }.isEmpty)
    }

    @Test func aTaskThatHasRunOutDoesNotKeepTheBackendBusy() {
        var bench = connected()
        bench.begin("t1", of: 1, ttl: "5000")
        #expect(bench.mux.inFlight == 1)
        bench.fire(.tasks, after: 5_001)
        #expect(bench.mux.inFlight == 0)
        #expect(!refuses(&bench, 1, "t1"))
    }

    @Test func aMachineThatIsHandedOverKnowsWhoseTheyAre() throws {
        var bench = connected()
        bench.begin("t1", of: 1, meta: #","_meta":{"progressToken":7}"#)
        bench.mux = try Multiplexer(restoring: bench.mux.encoded(), configuration: bench.mux.configuration)
        #expect(refuses(&bench, 2, "t1"))
        #expect(!refuses(&bench, 1, "t1"))
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}"#)
        #expect(bench.take(1).count == 1)
    }

    @Test func whatIsOverIsForgottenAtLast() {
        var bench = connected()
        for index in 0..<3000 {
            bench.begin("\(index)", of: 1)
            bench.backend(
                #"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(TaskLine.text("\(index)", status: "completed"))}"#
            )
        }
        #expect(bench.mux.tasks.entries.count < 2100)
        #expect(refuses(&bench, 1, "0"))
        #expect(!refuses(&bench, 1, "2999"))
    }
}

/// Questions of tasks: they say whose they are.
@Suite struct TaskQuestionTests {
    private func connected() -> Bench {
        var bench = Bench { $0.interactiveTools = ["ask"] }
        for session in [1, 2] as [SessionID] {
            bench.open(session)
            bench.client(
                session,
                Bench.initialize().replacing(
                    #""capabilities":{}"#, with: #""capabilities":{"elicitation":{},"tasks":{"requests":{}}}"#))
        }
        bench.runBackend()
        _ = (bench.take(1), bench.take(2), bench.takeBackend())
        return bench
    }

    private func question(_ task: String?) -> String {
        let meta = task.map { ",\(TaskLine.related($0))" } ?? ""
        let params = #"{"message":"m","task":{"ttl":1}\#(meta)}"#
        return #"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":\#(params)}"#
    }

    @Test func aQuestionReachesTheOwnerWhoeverElseCalls() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask"}}"#)
        _ = bench.takeBackend()
        bench.backend(question("t1"))
        // The backend was not told of tasks at the client, so it gets an answer and none.
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"m",\#(TaskLine.related("t1"))}}"#
            ])
        #expect(bench.take(2).isEmpty)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}"#)
        #expect(bench.takeBackend().isEmpty)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":"q","result":{"action":"decline"}}"#])
    }

    @Test func aQuestionThatSaysNothingMayBeTheTasks() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask"}}"#)
        _ = bench.takeBackend()
        bench.backend(question(nil))
        #expect(bench.take(1).isEmpty && bench.take(2).isEmpty)
        #expect(bench.takeBackend().first?.contains(#""id":"q""#) == true)
    }

    @Test func aQuestionOfATaskThatIsNobodysIsRefused() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.close(1)
        bench.backend(question("t1"))
        bench.backend(question("t9"))
        #expect(bench.take(2).isEmpty)
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":"q","result":{"action":"cancel"}}"#,
                #"{"jsonrpc":"2.0","id":"q","result":{"action":"cancel"}}"#,
            ])
    }

    @Test func aQuestionEndsWithItsTask() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.backend(question("t1"))
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(TaskLine.text("t1", status: "cancelled"))}"#
        )
        #expect(bench.take(1).last?.contains("notifications/cancelled") == true)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":"q","result":{"action":"cancel"}}"#])
    }

    @Test func aQuestionEndsWithItsOwner() {
        var bench = connected()
        bench.begin("t1", of: 1)
        bench.backend(question("t1"))
        bench.close(1)
        #expect(bench.takeBackend().contains(#"{"jsonrpc":"2.0","id":"q","result":{"action":"cancel"}}"#))
    }
}
