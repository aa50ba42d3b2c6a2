// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// A backend of the stateless era, and clients of both.
@Suite struct ModernBackendTests {
    static let own =
        #""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"mcp-supervisor","version":"0"}"#
    static let testers =
        #""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"roots":{}},"io.modelcontextprotocol/clientInfo":{"name":"tester","version":"1"},"io.modelcontextprotocol/logLevel":"info""#

    static let initialize =
        #"{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{},"tasks":{}},"clientInfo":{"name":"tester","version":"1"}}}"#

    /// Session 1 is of the handshake era, session 2 is not.
    private func connected(discover: String = Modern.discover) -> Bench {
        var bench = Bench { $0.era = .modern }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.runModernBackend(discover: discover)
        bench.open(2)
        bench.received = [:]
        bench.backendReceived = []
        bench.orders = []
        return bench
    }

    @Test func shakesHandsWithClientsFromADiscovery() {
        var bench = Bench { $0.era = .modern }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.startBackend()
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{\#(Self.own)}}}"#
            ])
        bench.backend(#"{"jsonrpc":"2.0","id":1,"result":\#(Modern.discover)}"#)
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","params":{"_meta":{\#(Self.own)},"notifications":{"toolsListChanged":true}}}"#
            ])
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":"init","result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true}},"serverInfo":{"name":"fake","version":"1"},"instructions":"do"}}"#
            ])
        #expect(bench.mux.inFlight == 0)
        bench.open(2)
        bench.client(2, Modern.request("1", "server/discover"))
        #expect(bench.take(2) == [#"{"jsonrpc":"2.0","id":1,"result":\#(Modern.discover)}"#])
    }

    @Test(arguments: [
        #""error":{"code":-32601,"message":"nix"}"#,
        #""result":{"supportedVersions":["2099-01-01"],"capabilities":{}}"#,
        #""result":{"supportedVersions":["2026-07-28"]}"#,
    ])
    func aBackendThatIsNotOfTheEraFailsItsStart(answer: String) {
        var bench = Bench { $0.era = .modern }
        bench.open(1)
        bench.client(1, Self.initialize)
        bench.startBackend()
        bench.backend(#"{"jsonrpc":"2.0","id":1,\#(answer)}"#)
        let reasons = bench.takeOrders().compactMap { if case .startFailed(let reason) = $0 { reason } else { nil } }
        #expect(reasons.first?.contains("server/discover (era = modern)") == true)
    }

    static let requests: [(String, String)] = [
        (#","params":{"name":"t"}"#, #","params":{"_meta":{\#(testers)},"name":"t"}"#),
        (#","params":{}"#, #","params":{"_meta":{\#(testers)}}"#), ("", #","params":{"_meta":{\#(testers)}}"#),
        (#","params":{"_meta":{ }}"#, #","params":{"_meta":{\#(testers) }}"#),
        (
            #","params":{"_meta":{"a":1.0,"progressToken":"p"},"x":2}"#,
            #","params":{"_meta":{\#(testers),"a":1.0,"progressToken":ID},"x":2}"#
        ),
    ]

    @Test(arguments: requests)
    func eachRequestSaysWhoAsks(params: String, expected: String) {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":5,"method":"prompts/get"\#(params)}"#)
        let id = bench.backendID("prompts/get") ?? 0
        let sent = #"{"jsonrpc":"2.0","id":\#(id),"method":"prompts/get"\#(expected)}"#.replacing("ID", with: "\(id)")
        #expect(bench.takeBackend() == [sent])
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"resultType":"complete","x":1.0}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":5,"result":{"resultType":"complete","x":1.0}}"#])
    }

    @Test func levelAndPingAreOurs() {
        let logging = Modern.discover.replacing(#""tools":{"#, with: #""logging":{},"tools":{"#)
        var bench = connected(discover: logging)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        #expect(bench.takeBackend().isEmpty && bench.take(1).count == 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.takeBackend().first?.contains(#"logLevel":"debug""#) == true)
    }

    @Test func itsOwnClientsPassAsTheyAre() {
        var bench = connected()
        let meta = #","progressToken":5,"v/x":1.0"#
        bench.client(2, Modern.request("1", "tools/call", #", "name":"t""#, capabilities: #"{"roots":{}}"#, meta: meta))
        let id = bench.backendID("tools/call") ?? 0
        let sent = Modern.request(
            "\(id)", "tools/call", #", "name":"t""#, capabilities: #"{"roots":{}}"#,
            meta: meta.replacing("5", with: "\(id)"))
        #expect(bench.takeBackend() == [sent])
        let result = #"{"resultType":"input_required","requestState":"s","x":1.0}"#
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#)
        #expect(bench.take(2) == [#"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#])
    }

    @Test func aSubscriptionIsAListenAndItsMessagesLoseTheTag() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"x:a"}}"#)
        let id = bench.backendID("subscriptions/listen") ?? 0
        #expect(bench.takeBackend().first?.contains(#""notifications":{"resourceSubscriptions":["x:a"]}"#) == true)
        #expect(bench.take(1).isEmpty)
        let tag = Modern.tag("\(id)")
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{\#(tag),"notifications":{"resourceSubscriptions":["x:a"]}}}"#
        )
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{\#(tag),"uri":"x:a"}}"#)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{},"uri":"x:a"}}"#
            ])
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"resources/unsubscribe","params":{"uri":"x:a"}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":2,"result":{}}"#])
        #expect(
            bench.takeBackend().first?.hasPrefix(
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)"#) == true)
        #expect(bench.mux.inFlight == 0)
    }

    @Test func aSubscriptionThatIsNotHonouredFails() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"x:a"}}"#)
        let tag = Modern.tag("\(bench.backendID("subscriptions/listen") ?? 0)")
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{\#(tag),"notifications":{}}}"#
        )
        #expect(bench.take(1).first?.contains(#""id":1,"error":{"code":-32602"#) == true)
        let stream = bench.backendID("subscriptions/listen") ?? 0
        #expect(
            bench.takeBackend().last?.contains(#""notifications/cancelled","params":{"requestId":\#(stream),"#) == true)
    }

    @Test func changedListsReachBothEras() {
        var bench = connected()
        let change = #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"#
        bench.client(2, Modern.listen(#""l""#, #"{"toolsListChanged":true}"#))
        let id = bench.backendID("subscriptions/listen") ?? 0
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{\#(Modern.tag("\(id)")),"notifications":{}}}"#
        )
        bench.backend("\(change)\(Modern.tag("\(id)"))}}")
        #expect(
            bench.take(2) == [
                #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{\#(Modern.tag(#""l""#)),"notifications":{}}}"#,
                "\(change)\(Modern.tag(#""l""#))}}",
            ])
        bench.backend("\(change)\(Modern.tag("2"))}}")
        bench.fire(.listChanged)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#])
        #expect(bench.take(2).isEmpty)
    }

    static let ends: [(String, [String])] = [
        (
            #""id":ID,"result":{"resultType":"complete",\#(Modern.tag("ID"))}"#,
            [#"{"jsonrpc":"2.0","id":"l","result":{"resultType":"complete",\#(Modern.tag(#""l""#))}}"#]
        ),
        (
            #""method":"notifications/cancelled","params":{"requestId":ID}"#,
            [
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}"#,
                #"{"jsonrpc":"2.0","id":"l","result":{\#(Modern.complete),\#(Modern.tag(#""l""#))}}"#,
            ]
        ),
        (
            #""id":ID,"error":{"code":-1,"message":"x"}"#,
            [#"{"jsonrpc":"2.0","id":"l","error":{"code":-1,"message":"x"}}"#]
        ),
    ]

    @Test(arguments: ends)
    func aStreamEndsInEitherWordingAndOnce(end: String, expected: [String]) {
        var bench = connected()
        bench.client(2, Modern.listen(#""l""#, #"{"toolsListChanged":true}"#))
        let id = bench.backendID("subscriptions/listen") ?? 0
        bench.backend(#"{"jsonrpc":"2.0",\#(end.replacing("ID", with: "\(id)"))}"#)
        let got = bench.take(2)
        #expect(got.count == expected.count)
        for (line, wanted) in zip(got, expected) where line != wanted {
            // The server's name may stand in `_meta`, too.
            #expect(line.contains(#""io.modelcontextprotocol/subscriptionId":"l""#), "\(line)")
        }
        for (other, _) in Self.ends { bench.backend(#"{"jsonrpc":"2.0",\#(other.replacing("ID", with: "\(id)"))}"#) }
        #expect(bench.take(2).isEmpty)
    }

    @Test func aCancelledListenIsCancelledAtTheBackend() {
        var bench = connected()
        bench.client(2, Modern.listen(#""l""#, #"{"toolsListChanged":true}"#))
        let id = bench.backendID("subscriptions/listen") ?? 0
        _ = bench.takeBackend()
        bench.client(2, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}"#)
        #expect(bench.takeBackend().first?.contains(#""notifications/cancelled","params":{"requestId":\#(id)"#) == true)
        #expect(bench.take(2).isEmpty && bench.mux.inFlight == 0)
    }

    @Test func streamsAreAskedForAgainAfterARestart() {
        var bench = connected()
        bench.client(2, Modern.listen(#""l""#, #"{"toolsListChanged":true}"#))
        let acknowledged = #""notifications/subscriptions/acknowledged","params":{TAG,"notifications":{}}"#
        func acknowledge(_ bench: inout Bench) {
            let tag = Modern.tag("\(bench.backendID("subscriptions/listen") ?? 0)")
            bench.backend(#"{"jsonrpc":"2.0","method":\#(acknowledged.replacing("TAG", with: tag))}"#)
        }
        acknowledge(&bench)
        #expect(bench.take(2).count == 1)
        bench.endBackend()
        #expect(bench.takeOrders().contains(.startBackend))
        bench.backendReceived = []
        bench.runModernBackend()
        #expect(bench.backendReceived.filter { $0.contains("subscriptions/listen") }.count == 2)
        acknowledge(&bench)
        #expect(bench.take(2).isEmpty)
    }

    @Test func whoAsksForAListIsNamedAndTwoAskersDoNotMakeAChange() {
        var bench = connected()
        func list(_ session: SessionID, _ request: String) -> JSONValue? {
            bench.client(session, request)
            return bench.lastToBackend()
        }
        let modern = list(2, Modern.request("1", "tools/list", capabilities: #"{"x":{}}"#))
        #expect(modern?["params"]?["_meta"]?["io.modelcontextprotocol/clientInfo"]?["name"] == "m")
        #expect(modern?["params"]?["_meta"]?["io.modelcontextprotocol/clientCapabilities"]?["x"] == [:])
        let legacy = list(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        #expect(legacy?["params"]?["_meta"]?["io.modelcontextprotocol/clientInfo"]?["name"] == "tester")
        #expect(legacy?["params"]?["_meta"]?["io.modelcontextprotocol/logLevel"] == nil)
        for (request, tools) in [(modern, "1"), (legacy, "2")] {
            bench.backend(
                #"{"jsonrpc":"2.0","id":\#(request?["id"]?.intValue ?? 0),"result":{"tools":[\#(tools)],"ttlMs":0}}"#)
        }
        #expect(bench.take(1).last?.contains("[2]") == true && bench.take(2).last?.contains("[1]") == true)
        #expect(!bench.takeOrders().contains(.arm(.listChanged, milliseconds: 200)))
    }

    @Test func listsAreKeptForAsLongAsTheBackendSays() {
        var bench = connected()
        func list(_ bench: inout Bench, ttl: Int) {
            bench.client(2, Modern.request("\(bench.now)", "tools/list"))
            guard let id = bench.backendID("tools/list") else { return }
            bench.backend(
                #"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":[],"ttlMs":\#(ttl),"cacheScope":"private"}}"#)
            bench.backendReceived = []
        }
        list(&bench, ttl: 1000)
        bench.now = 400
        list(&bench, ttl: 0)
        #expect(
            bench.take(2).map { $0.contains(#""ttlMs":1000"#) ? 1000 : $0.contains(#""ttlMs":600"#) ? 600 : 0 } == [
                1000, 600,
            ])
        bench.now = 1000
        list(&bench, ttl: 0)
        #expect(bench.take(2).first?.contains(#""ttlMs":0"#) == true)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        #expect(bench.backendID("tools/list") != nil)
    }

    @Test func aSnapshotKnowsItsEra() throws {
        let first = connected()
        let json = try #require(first.mux.snapshot).json.text
        var bench = Bench(snapshot: Snapshot(json: try JSONValue(parsing: json)))
        #expect(bench.mux.era == .modern)
        bench.open(1)
        bench.client(1, Self.initialize)
        #expect(bench.take(1).count == 1 && !bench.mux.needsBackend)
    }

    @Test func aCapabilityThatIsMissingIsReadable() {
        var bench = connected()
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        let id = bench.backendID("tools/call") ?? 0
        bench.backend(
            #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32021,"message":"no","data":{"requiredCapabilities":{"sampling":{}}}}}"#
        )
        let answer = bench.take(1).first ?? ""
        #expect(answer.contains("This tool needs sampling, which this client does not offer: no"))
        #expect(answer.contains(#""isError":true"#))
    }

    @Test(arguments: [
        (#""result":{"supportedVersions":["2026-07-28"],"capabilities":{}}"#, BackendEra.modern),
        (#""result":{"supportedVersions":["2025-11-25"]}"#, .legacy),
        (#""error":{"code":-32022,"message":"","data":{"supported":["2026-07-28","x"]}}"#, .modern),
        (#""error":{"code":-32022,"message":"","data":{"supported":["x"]}}"#, .legacy),
        (#""error":{"code":-32601,"message":"Method not found"}"#, .legacy),
        (#""error":{"code":-32602,"message":"Invalid request parameters","data":""}"#, .legacy),
        (#""result":7"#, .legacy),
    ])
    func anAnswerTellsTheEra(answer: String, era: BackendEra) {
        #expect(BackendEra(answer: Array(#"{"jsonrpc":"2.0","id":1,\#(answer)}"#.utf8).span) == era)
        #expect(BackendEra(answer: Array("Server ready\(answer)".utf8).span) == .legacy)
    }

    @Test(arguments: [("private", true), ("public", false)])
    func aListThatIsKeptForOneClientIsNotGivenToAnother(scope: String, isAskedAgain: Bool) {
        var bench = connected()
        let result = #"{"tools":[],"ttlMs":1000,"cacheScope":"\#(scope)"}"#
        bench.client(2, Modern.request("1", "tools/list", capabilities: #"{"x":{}}"#))
        let id = bench.backendID("tools/list") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#)
        bench.backendReceived = []
        bench.client(2, Modern.request("2", "tools/list", capabilities: #"{"x":{}}"#))
        #expect(bench.takeBackend().isEmpty)
        bench.client(2, Modern.request("3", "tools/list", capabilities: #"{"y":{}}"#))
        #expect(bench.takeBackend().isEmpty != isAskedAgain)
    }

    /// The next process's machine, with nothing but the snapshot.
    @Test(arguments: [("private", true), ("public", false)])
    func aSnapshotIsNotShownToAnotherClientEither(scope: String, isAskedAgain: Bool) throws {
        var first = connected()
        first.client(2, Modern.request("1", "tools/list", capabilities: #"{"x":{}}"#))
        let id = first.backendID("tools/list") ?? 0
        first.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":[],"ttlMs":0,"cacheScope":"\#(scope)"}}"#)
        let json = try #require(first.mux.snapshot).json.text
        var bench = Bench(snapshot: Snapshot(json: try JSONValue(parsing: json)))
        for session in [1, 2] as [SessionID] { bench.open(session) }
        bench.client(1, Modern.request("1", "tools/list", capabilities: #"{"x":{}}"#))
        #expect(bench.take(1).count == 1 && !bench.mux.needsBackend)
        bench.client(2, Modern.request("1", "tools/list", capabilities: #"{"y":{}}"#))
        #expect(bench.take(2).isEmpty == isAskedAgain && bench.mux.needsBackend == isAskedAgain)
    }

    @Test func listsThatWaitForAStartAreAskedForInEachClientsName() {
        var bench = connected()
        bench.endBackend()
        bench.backendReceived = []
        for (session, capability) in [(2, "x"), (3, "y")] as [(SessionID, String)] {
            if session == 3 { bench.open(session) }
            bench.client(session, Modern.request("1", "tools/list", capabilities: "{\"\(capability)\":{}}"))
        }
        bench.runModernBackend()
        let asked = bench.backendReceived.filter { $0.contains("tools/list") }
        #expect(asked.count == 2 && asked.contains { $0.contains("\"x\"") } && asked.contains { $0.contains("\"y\"") })
    }

    /// Its questions come in the answer of the call that they are about.
    @Test func noCallIsAloneThere() {
        var bench = Bench {
            $0.era = .modern
            $0.interactiveTools = ["*"]
        }
        for session in [1, 2] as [SessionID] { bench.open(session) }
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#))
        bench.client(2, Modern.request("1", "tools/call", #","name":"t""#))
        bench.runModernBackend()
        #expect(bench.backendReceived.filter { $0.contains("tools/call") }.count == 2)
    }

    /// The era shows at the start, and who waits for that is not given what another asked.
    @Test func whoWaitsForAListOfAnUnknownServerGetsHisOwn() {
        var bench = Bench()
        bench.open(2)
        for (id, capability) in [("1", "x"), ("2", "y"), ("3", "x")] {
            bench.client(2, Modern.request(id, "tools/list", capabilities: #"{"\#(capability)":{}}"#))
        }
        bench.perform { $0.backendStarted(generation: 1, era: .modern, now: $1, into: &$2) }
        let discover = bench.backendID("server/discover") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(discover),"result":\#(Modern.discover)}"#)
        let asked = bench.takeBackend().filter { $0.contains("tools/list") }
        #expect(asked.count == 2)
        for line in asked {
            let id = (try? JSONValue(parsing: line))?["id"]?.intValue ?? 0
            let name = line.contains(#"{"x":{}}"#) ? "for x" : "for y"
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":["\#(name)"]}}"#)
        }
        let got = bench.take(2).map { $0.contains("for x") ? "x" : "y" }
        #expect(got.sorted() == ["x", "x", "y"])
    }
}
