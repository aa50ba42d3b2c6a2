// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct NotificationTests {
    private func call(_ id: Int, token: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"_meta":{"progressToken":\#(token)},"name":"t"}}"#
    }

    private func progress(_ token: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(token),"progress":0.10}}"#
    }

    @Test(arguments: ["1", #""1""#, #""abc""#, "\"\(String(repeating: "t", count: 60))\""])
    func progressTokenIsOursAtTheBackendAndTheirsAtTheClient(token: String) {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, call(1, token: token))
        bench.client(2, call(1, token: token))
        #expect(bench.takeBackend() == [call(2, token: "2"), call(3, token: "3")])
        bench.backend(progress("3"))
        bench.backend(progress("\"2\""))
        #expect(bench.take(2) == [progress(token)])
        #expect(bench.take(1) == [progress(token)])
    }

    @Test func aLevelThatIsNeverAnsweredKeepsTheBackendBusyWithNothing() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        #expect(bench.mux.inFlight == 0)
        _ = bench.take(1)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(bench.backendID("logging/setLevel") ?? 0),"result":{}}"#)
        #expect(bench.take(1) == [])
    }

    @Test func progressAfterTheAnswerOrOfNobodyIsDropped() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, call(1, token: "9"))
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"vendor/x"}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        _ = bench.take(1)
        for token in ["2", "3", "9", "\"x\"", "null", "-2"] { bench.backend(progress(token)) }
        #expect(bench.take(1).isEmpty)
    }

    private func message(_ level: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"\#(level)","data":"d"}}"#
    }

    @Test func messagesGoToTheOnlySessionThatIsServed() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.backend(message("error"))
        #expect(bench.take(1).count == 1)
        #expect(bench.take(2).count == 1)
        bench.client(1, call(1, token: "1"))
        bench.backend(message("error"))
        #expect(bench.take(1).count == 1)
        #expect(bench.take(2).isEmpty)
        bench.client(2, call(1, token: "1"))
        bench.backend(message("error"))
        #expect(bench.take(1).isEmpty)
        #expect(bench.take(2).isEmpty)
    }

    @Test func messagesOfACallThatWasCancelledByAClosedSessionReachNobody() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, call(1, token: "1"))
        bench.close(1)
        bench.backend(message("error"))
        #expect(bench.take(2).isEmpty)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        bench.backend(message("error"))
        #expect(bench.take(2).count == 1)
    }

    @Test func levelIsTheMostVerboseAndEachSessionGetsItsOwn() {
        func setLevel(_ level: String) -> String {
            #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"\#(level)"}}"#
        }
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, setLevel("error"))
        bench.client(2, setLevel("debug"))
        let levels = bench.takeBackend().compactMap { (try? JSONValue(parsing: $0))?["params"]?["level"]?.stringValue }
        #expect(levels == ["info", "debug"])
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
        _ = bench.take(2)
        bench.backend(message("debug"))
        bench.backend(message("error"))
        #expect(bench.take(1) == [message("error")])
        #expect(bench.take(2) == [message("debug"), message("error")])
        bench.close(2)
        #expect(bench.takeBackend().last?.contains(#""level":"error""#) == true)
    }

    @Test func oneThatSaysNothingOfLevelsHearsWhatTheServerSaysByItself() {
        func setLevel(_ level: String) -> String {
            #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"\#(level)"}}"#
        }
        var bench = Bench()
        bench.connect(1, 2)
        bench.backend(message("debug"))
        #expect(bench.take(1) == [message("debug")])
        bench.client(2, setLevel("error"))  // The backend is told `info`, for the other; this one does not heed it.
        bench.backend(message("debug"))
        #expect(bench.take(1) == [message("debug")])
        bench.client(2, setLevel("debug"))
        bench.backend(message("debug"))
        bench.backend(message("info"))
        #expect(bench.take(1) == [message("info")])
    }

    @Test func levelOfABackendThatDoesNotLogIsNoMethod() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.runBackend(result: #"{"protocolVersion":"2025-11-25","capabilities":{}}"#)
        _ = bench.take(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        #expect(bench.take(1).first?.contains("-32601") == true)
    }

    @Test func clientsNotificationsAreOursUnlessUnknown() {
        var bench = Bench()
        bench.connect(1)
        for method in ["notifications/initialized", "notifications/roots/list_changed", "notifications/cancelled"] {
            bench.client(1, #"{"jsonrpc":"2.0","method":"\#(method)","params":{"requestId":77}}"#)
        }
        #expect(bench.takeBackend().isEmpty)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/vendor","params":{"a":1.0}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","method":"notifications/vendor","params":{"a":1.0}}"#])
    }

    @Test func unknownNotificationOfTheBackendGoesToItsOwnerOrALoneSession() {
        let unknown = #"{"jsonrpc":"2.0","method":"notifications/vendor"}"#
        var bench = Bench()
        bench.connect(1)
        bench.backend(unknown)
        #expect(bench.take(1) == [unknown])
        bench.connect(2)
        bench.backend(unknown)
        #expect(bench.take(1).isEmpty)
        #expect(bench.take(2).isEmpty)
        bench.client(2, call(1, token: "\"k\""))
        let id = bench.backendID("tools/call") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/vendor","params":{"_meta":{"progressToken":\#(id)}}}"#)
        #expect(
            bench.take(2) == [
                #"{"jsonrpc":"2.0","method":"notifications/vendor","params":{"_meta":{"progressToken":"k"}}}"#
            ])
        #expect(bench.take(1).isEmpty)
    }

    @Test func whatCouldBeAnyonesReachesAllWhereThatIsConfigured() {
        let unknown = #"{"jsonrpc":"2.0","method":"notifications/vendor"}"#
        var bench = Bench { $0.unattributedNotifications = .broadcast }
        bench.connect(1, 2, 3)
        bench.backend(unknown)
        for session: SessionID in [1, 2, 3] { #expect(bench.take(session) == [unknown]) }
        // What runs alone has an owner.
        bench.client(1, call(1, token: "1"))
        bench.backend(unknown)
        bench.backend(message("error"))
        #expect(bench.take(1) == [unknown, message("error")])
        #expect(bench.take(2).isEmpty && bench.take(3).isEmpty)
        bench.client(2, call(1, token: "1"))
        bench.backend(message("error"))
        bench.backend(unknown)
        for session: SessionID in [1, 2, 3] { #expect(bench.take(session) == [message("error"), unknown]) }
    }

    @Test func thatIsConfiguredAnew() {
        var bench = Bench { $0.unattributedNotifications = .broadcast }
        bench.connect(1, 2)
        for session in [1, 2] as [SessionID] { bench.client(session, call(1, token: "1")) }
        bench.perform { machine, _, _ in machine.reconfigure(MultiplexerConfiguration()) }
        bench.backend(message("error"))
        #expect(bench.take(1).isEmpty && bench.take(2).isEmpty)
    }

    @Test func whoAsksForLogMessagesInACallIsOneOfAll() {
        var bench = Bench { $0.unattributedNotifications = .broadcast }
        bench.connect(1)
        bench.open(2)
        bench.open(3)
        bench.client(1, call(1, token: "1"))
        let level = #","io.modelcontextprotocol/logLevel":"debug""#
        bench.client(2, Modern.request("1", "tools/call", #","name":"t""#, meta: level))
        bench.client(3, Modern.request("1", "tools/call", #","name":"t""#))
        for session in [1, 2, 3] as [SessionID] { _ = bench.take(session) }
        bench.backend(message("error"))
        #expect(bench.take(1).count == 1 && bench.take(2).count == 1 && bench.take(3).isEmpty)
    }

    @Test func unknownNotificationThatNamesARequestGoesToWhomItIsWithTheirId() {
        func about(_ id: String) -> String {
            #"{"jsonrpc":"2.0","method":"notifications/vendor","params":{"requestId":\#(id)}}"#
        }
        var bench = Bench { $0.unattributedNotifications = .broadcast }
        bench.connect(1, 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":"mine","method":"tools/call","params":{"name":"t"}}"#)
        bench.client(2, call(1, token: "1"))
        bench.backend(about("2"))
        #expect(bench.take(1) == [about(#""mine""#)])
        #expect(bench.take(2).isEmpty)
    }

    static let requests: [(String, String)] = [
        (#""id":"p","method":"ping""#, #"{"jsonrpc":"2.0","id":"p","result":{}}"#),
        (
            #""id":3,"method":"roots/list""#,
            #"{"jsonrpc":"2.0","id":3,"result":{"roots":[{"uri":"file:///srv/my%20repo","name":"my repo"}]}}"#
        ),
        (#""id":4,"method":"sampling/createMessage""#, #""id":4,"error":{"code":-32601"#),
        (#""id":5,"method":"elicitation/create""#, #""id":5,"error":{"code":-32601"#),
        (#""id":6,"method":"vendor/x""#, #""id":6,"error":{"code":-32601"#),
    ]

    @Test(arguments: requests)
    func requestOfTheBackendIsAnsweredByUs(members: String, answer: String) {
        var bench = Bench { $0.repositoryRoots = ["/srv/my repo"] }
        bench.connect(1)
        bench.backend("{\"jsonrpc\":\"2.0\",\(members)}")
        #expect(bench.take(1).isEmpty)
        #expect(bench.backendReceived.count == 1)
        #expect(bench.backendReceived.first?.contains(answer) == true)
    }

    @Test func rootsAreDeclaredOnlyWhenThereAreSome() {
        var with = Bench { $0.repositoryRoots = ["file:///r"] }
        with.startBackend()
        #expect(with.takeBackend().first?.contains(#""capabilities":{"roots":{}}"#) == true)
        var without = Bench()
        without.connect(1)
        without.backend(#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#)
        #expect(without.takeBackend().first?.contains("-32601") == true)
    }

    @Test func garbageOfTheBackendIsSkippedAndAMessageBehindItIsFound() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, call(1, token: "1"))
        bench.backend("Loading 50%...")
        bench.backend(#"{"level":"info","text":"a log line"}"#)
        bench.backend(#"{"jsonrpc":"2.0","id":2,"result":{"#)
        #expect(bench.take(1).isEmpty)
        bench.backend(#"Done. {"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
    }

    @Test func malformedResponseDoesNotLeaveItsSenderWaiting() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, call(1, token: "1"))
        bench.backend(#"{"jsonrpc":"2.0","id":2}"#)
        #expect(bench.take(1).first?.contains(#""id":1,"error":{"code":-32603"#) == true)
    }
}
