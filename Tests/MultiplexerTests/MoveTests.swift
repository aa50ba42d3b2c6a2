// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// A session that calls one of `private_tools` gets a backend of its own: what its machine does until then, and after.
@Suite struct MoveTests {
    private static let activate =
        #"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"activate_project","arguments":{"project":"/other"}}}"#

    private static func call(_ id: Int, _ name: String = "find") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(name)","arguments":{}}}"#
    }

    private static let result = #"{"content":[{"type":"text","text":"x"}]}"#

    private func connected() -> Bench {
        var bench = Bench {
            $0.privateTools = [
                PrivateTool(name: "activate_project", unless: ["project": "/library"]), PrivateTool(name: "switch_*"),
            ]
        }
        bench.connect(1, 2)
        return bench
    }

    @Test func thePrivateCallGoesNowhereUntilThereIsABackendForIt() {
        var bench = connected()
        bench.client(1, Self.activate)
        #expect(bench.takeBackend() == [])
        #expect(bench.take(1) == [])
        #expect(bench.takeOrders() == [.move(1)])
        #expect(bench.mux.isMoving(1) && !bench.mux.isMoving(2))
        bench.client(2, Self.call(5))
        #expect(bench.takeBackend().count == 1, "the others go on")
    }

    /// With a line break replaced it would be a message, with an id that nobody is owed an answer for.
    @Test func whatIsNoMessageWaitsAsItCame() {
        var bench = connected()
        bench.client(1, Self.activate)
        let line = "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"p\rrams\":{\"name\":\"x\"}}"
        bench.client(1, line)
        bench.perform { machine, now, actions in machine.moved(1, now: now, into: &actions) }
        #expect(bench.handedOn[1] == [Self.activate, line])
    }

    @Test(arguments: [
        ("activate_project", #"{"project":"/library"}"#, false),
        ("activate_project", #"{"project":"/library/"}"#, false),
        ("activate_project", #"{"project":"/library2"}"#, true), ("activate_project", #"{"project":7}"#, true),
        ("activate_project", "{}", true), ("switch_modes", "{}", true), ("switch", "{}", false), ("find", "{}", false),
    ])
    func onlyCallsThatChangeSomethingMove(name: String, arguments: String, moves: Bool) {
        var bench = connected()
        bench.client(
            1,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(name)","arguments":\#(arguments)}}"#)
        #expect(bench.mux.isMoving(1) == moves)
        #expect(bench.takeBackend().isEmpty == moves)
    }

    @Test func whatComesMeanwhileWaitsInOrderAndIsHandedOn() {
        var bench = connected()
        bench.client(1, Self.activate)
        bench.client(1, Self.call(1))
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/vendor"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":9,"method":"ping"}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":9,"result":{}}"#], "a ping is answered at once")
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(
            bench.handedOn[1] == [Self.activate, Self.call(1), #"{"jsonrpc":"2.0","method":"notifications/vendor"}"#])
        #expect(bench.takeOrders().contains(.left(1)), "nothing is owed: it is forgotten")
        #expect(bench.mux.sessionCount == 1)
    }

    @Test func whatWasUnderWayIsAnsweredWithItsProgress() throws {
        var bench = connected()
        bench.client(
            1,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","_meta":{"progressToken":"t"}}}"#)
        let id = try #require(bench.backendID("tools/call"))
        bench.client(1, Self.activate)
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.mux.hasLeft(1))
        #expect(!bench.takeOrders().contains(.left(1)))
        bench.client(1, Self.call(2))
        #expect(bench.handedOn[1] == [Self.activate, Self.call(2)])
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(id),"progress":1}}"#)
        #expect(bench.take(1).first?.contains(#""progressToken":"t""#) == true)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(Self.result)}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":\#(Self.result)}"#])
        #expect(bench.takeOrders().contains(.left(1)))
    }

    @Test func cancellingFindsTheMachineThatHasTheCall() throws {
        var bench = connected()
        bench.client(1, Self.call(1))
        let id = try #require(bench.backendID("tools/call"))
        bench.client(1, Self.activate)
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        _ = bench.takeBackend()
        let other = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}"#
        bench.client(1, other)
        #expect(bench.handedOn[1] == [Self.activate, other])
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        #expect(bench.takeBackend().first?.contains("\"requestId\":\(id)") == true)
        #expect(bench.takeOrders().contains(.left(1)))
    }

    @Test func aQuestionOfTheSharedBackendIsAnsweredThere() throws {
        var bench = Bench {
            $0.privateTools = [PrivateTool(name: "activate_project")]
            $0.interactiveTools = ["ask"]
        }
        bench.open(1)
        bench.client(
            1,
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"c","version":"1"}}}"#
        )
        bench.runBackend()
        bench.client(1, Self.call(1, "ask"))
        bench.client(1, Self.activate)
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        _ = bench.take(1)
        bench.backend(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}}"#)
        let question = try #require(bench.take(1).first)
        let asked = try #require((try? JSONValue(parsing: question))?["id"]?.intValue)
        _ = bench.takeBackend()
        bench.client(1, #"{"jsonrpc":"2.0","id":\#(asked),"result":{"action":"accept"}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":"q","result":{"action":"accept"}}"#])
        let stranger = #"{"jsonrpc":"2.0","id":77,"result":{}}"#
        bench.client(1, stranger)
        #expect(bench.handedOn[1] == [Self.activate, stranger])
    }

    @Test func withoutAnotherBackendTheCallFailsAndTheRestGoesOn() {
        var bench = connected()
        bench.client(1, Self.activate)
        bench.client(1, Self.call(1))
        bench.perform { $0.stays(1, reason: "no such luck", now: $1, into: &$2) }
        let answers = bench.take(1)
        #expect(answers.count == 1)
        #expect(answers[0].contains(#""id":"a""#) && answers[0].contains("no such luck"))
        #expect(answers[0].contains(#""isError":true"#))
        #expect(bench.takeBackend().count == 1, "the call behind it")
        #expect(!bench.mux.isMoving(1) && bench.handedOn.isEmpty)
        bench.client(1, Self.activate)
        #expect(bench.takeOrders().contains(.move(1)), "it may be tried again")
    }

    @Test func subscriptionsAndListensGoAlong() {
        var bench = connected()
        bench.client(
            1, #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"file:///a"}}"#)
        if let id = bench.backendID("resources/subscribe") {
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        }
        bench.open(3)
        let meta =
            #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
        bench.client(
            3,
            #"{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},\#(meta)}}"#
        )
        bench.client(1, Self.activate)
        bench.client(
            3, #"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"switch_on","arguments":{},\#(meta)}}"#)
        let resume = String(decoding: bench.mux.resume(of: 1), as: UTF8.self)
        #expect(resume.contains("file:///a"))
        _ = bench.takeBackend()
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.takeBackend().contains { $0.contains("resources/unsubscribe") })
        bench.perform { $0.moved(3, now: $1, into: &$2) }
        #expect(bench.handedOn[3]?.count == 2)
        #expect(bench.handedOn[3]?.first?.contains(#""id":"l","method":"subscriptions/listen""#) == true)
        #expect(bench.handedOn[3]?.first?.contains(#""toolsListChanged":true"#) == true)
        #expect(bench.handedOn[3]?.first?.contains(meta) == true)
        #expect(bench.takeOrders().filter { $0 == .left(1) || $0 == .left(3) }.count == 2)
    }

    @Test func aBatchCannotMove() {
        var bench = Bench { $0.privateTools = [PrivateTool(name: "activate_project")] }
        bench.connect(1, version: "2025-03-26")
        bench.client(1, "[\(Self.activate)]")
        #expect(bench.take(1).first?.contains("cannot be called in a batch") == true)
        #expect(!bench.mux.isMoving(1))
    }

    @Test func theEndOfTheInputWaitsForTheOtherBackend() {
        var bench = connected()
        bench.client(1, Self.call(1))
        bench.client(1, Self.activate)
        bench.perform { $0.inputEnded(1, now: $1, into: &$2) }
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.handedOn[1] == [Self.activate])
        bench.fire(.grace(1), after: 1000)
        let orders = bench.takeOrders()
        #expect(orders.contains(.left(1)))
        #expect(!orders.contains { if case .endSession = $0 { true } else { false } })
    }

    @Test func aDeathOfTheSharedBackendLeavesWhatWaits() {
        var bench = connected()
        bench.client(1, Self.call(1))
        bench.client(1, Self.activate)
        bench.endBackend()
        #expect(bench.take(1).count == 1)
        #expect(bench.mux.isMoving(1))
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.handedOn[1] == [Self.activate])
    }

    @Test func whoeverEndsIsForgotten() {
        var bench = connected()
        bench.client(1, Self.activate)
        bench.close(1)
        #expect(bench.mux.sessionCount == 1)
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.handedOn.isEmpty)
    }

    @Test func aSuccessorGoesOnWithAMove() throws {
        var bench = connected()
        bench.client(1, Self.activate)
        bench.client(1, Self.call(1))
        var configuration = MultiplexerConfiguration()
        configuration.privateTools = [PrivateTool(name: "activate_project")]
        bench.mux = try Multiplexer(restoring: bench.mux.encoded(), configuration: configuration)
        #expect(bench.mux.isMoving(1))
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.handedOn[1] == [Self.activate, Self.call(1)])
    }

    /// A session that moves, with as much waiting as it may have.
    private func full(version: String = "2025-11-25") -> Bench {
        var bench = Bench {
            $0.privateTools = [PrivateTool(name: "activate_project")]
            $0.maximumQueue = 1000
        }
        bench.connect(1, version: version)
        bench.client(1, Self.activate)
        for id in 1...2 { bench.client(1, Self.call(id, String(repeating: "y", count: 600))) }
        return bench
    }

    @Test func moreThanItMayHaveWaitingIsRefusedToASessionThatMoves() {
        var bench = full()
        bench.client(1, Self.call(3))
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/vendor"}"#)
        #expect(bench.mux.queuedBytes(of: 1) > 1400)
        #expect(bench.take(1).map { $0.contains("queue_full") && $0.contains(#""id":3,"#) } == [true])
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.handedOn[1]?.count == 3 && bench.mux.queuedBytes(of: 1) == 0)
    }

    @Test func aCancellationIsKeptThen() {
        var bench = full()
        let cancelled = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
        for _ in 1...2 { bench.client(1, cancelled) }
        bench.perform { $0.moved(1, now: $1, into: &$2) }
        #expect(bench.handedOn[1]?.filter { $0.contains("cancelled") } == [cancelled])
    }

    @Test func eachRequestOfABatchIsRefusedThen() {
        var bench = full(version: "2025-03-26")
        bench.client(1, "[\(Self.call(3)),\(Self.call(4))]")
        let answers = bench.take(1)
        #expect(answers.count == 1 && answers[0].split(separator: "queue_full").count == 3)
        #expect(bench.takeBackend().isEmpty)
    }
}

/// The machine that a session moved to.
@Suite struct ArrivalTests {
    private static let activate =
        #"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"activate_project","arguments":{}}}"#
    private static let find = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find"}}"#
    private static let read = #"{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"x:a"}}"#

    private static func moved() -> Bench {
        Bench {
            $0.privateTools = [PrivateTool(name: "activate_project")]
            $0.isMoved = true
        }
    }

    private var resume: [UInt8] {
        var bench = Bench()
        bench.connect(1)
        return bench.mux.resume(of: 1)
    }

    private func arrived() -> Bench {
        var bench = Self.moved()
        let resume = resume
        bench.perform { $0.arrive(1, resume: resume, question: 5, now: $1, into: &$2) }
        bench.runBackend()
        _ = bench.takeBackend()
        return bench
    }

    @Test func itIsServedAsOneThatShookHands() throws {
        var bench = arrived()
        bench.client(1, Self.activate)
        let id = try #require(bench.backendID("tools/call"))
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[]}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":"a","result":{"content":[]}}"#])
        #expect(bench.takeOrders().allSatisfy { $0 != .move(1) })
        #expect(bench.mux.nextQuestion > 5)
    }

    @Test func afterTheProcessNothingIsAnsweredAsIfNothingHadBeen() {
        var bench = arrived()
        bench.client(1, Self.activate)
        bench.endBackend()
        bench.startBackend()
        bench.client(1, Self.find)
        bench.client(1, Self.read)
        let answers = bench.take(1)
        #expect(answers.count == 3)
        #expect(answers.dropFirst().allSatisfy { $0.contains("is lost") })
        bench.client(1, Self.activate)
        bench.client(1, Self.find)
        #expect(bench.take(1) == [], "set again, and served again")
    }

    @Test func whatWaitedForTheProcessIsNotGivenToTheNext() {
        var bench = Self.moved()
        let resume = resume
        bench.perform { $0.arrive(1, resume: resume, question: 5, now: $1, into: &$2) }
        bench.startBackend()
        bench.client(1, Self.activate)
        bench.client(1, Self.find)
        bench.endBackend()
        #expect(bench.take(1).count == 2)
        bench.runBackend()
        #expect(!bench.takeBackend().contains { $0.contains("find") })
    }

    @Test func aSessionThatComesBackToAnotherProcessIsTold() {
        var bench = Self.moved()
        bench.open(1, resume: resume)
        bench.client(1, Self.find)
        #expect(bench.take(1).first?.contains("is lost") == true)
        bench.client(1, Self.activate)
        bench.runBackend()
        #expect(bench.takeBackend().contains { $0.contains("activate_project") })
    }

    @Test func itsServerIsToldOfItAloneAndMayAskIt() throws {
        var shared = Bench()
        shared.open(1)
        shared.client(
            1,
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"elicitation":{"form":{}},"roots":{}},"clientInfo":{"name":"mine","version":"3"}}}"#
        )
        shared.runBackend()
        let resume = shared.mux.resume(of: 1)
        var bench = Self.moved()
        bench.perform { $0.arrive(1, resume: resume, question: 5, now: $1, into: &$2) }
        bench.runBackend()
        let initialize = try #require(bench.takeBackend().first)
        #expect(
            initialize.contains(
                #""capabilities":{"elicitation":{"form":{}}},"clientInfo":{"name":"mine","version":"3"}"#))
        bench.client(1, Self.activate)
        bench.client(1, Self.find)
        bench.backend(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}}"#)
        let question = try #require(bench.take(1).first)
        let id = try #require((try? JSONValue(parsing: question))?["id"]?.intValue)
        #expect(id > 5, "no id that the shared machine may have given")
        bench.client(1, #"{"jsonrpc":"2.0","id":\#(id),"result":{"action":"accept"}}"#)
        #expect(bench.takeBackend().last == #"{"jsonrpc":"2.0","id":"q","result":{"action":"accept"}}"#)
    }

    @Test func aProcessThatNothingWasSetInMayBeReplaced() {
        var bench = arrived()
        bench.endBackend()
        bench.runBackend()
        _ = bench.takeBackend()
        bench.client(1, Self.find)
        #expect(bench.takeBackend().count == 1)
    }
}
