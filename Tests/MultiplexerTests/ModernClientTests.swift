// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// A client of the stateless era on a backend of the handshake era.
@Suite struct ModernClientTests {
    static let discovered =
        #"{\#(Modern.complete),\#(Modern.uncached),\#(Modern.server),"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"logging":{},"x":1.0},"instructions":"do"}"#

    @Test func discoverWaitsOnlyWhenNothingIsKnown() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Modern.request("7", "server/discover"))
        #expect(bench.takeOrders() == [.startBackend])
        #expect(bench.mux.needsBackend)
        bench.runBackend()
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":7,"result":\#(Self.discovered)}"#])
        #expect(!bench.mux.needsBackend)
    }

    @Test func discoverIsAnsweredFromTheSnapshotAndBindsNobody() {
        var first = Bench()
        first.connect(1)
        var bench = Bench(snapshot: first.mux.snapshot)
        bench.open(1)
        bench.client(1, Modern.request(#""a""#, "server/discover"))
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":"a","result":\#(Self.discovered)}"#])
        #expect(bench.takeOrders().isEmpty)
        bench.client(1, Bench.initialize())
        #expect(bench.take(1).first?.contains(#""protocolVersion":"2025-11-25""#) == true)
        #expect(bench.mux.protocolVersion(of: 1) == "2025-11-25")
    }

    @Test func aStartThatFailsFailsDiscover() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Modern.request("1", "server/discover"))
        bench.endBackend(willRestart: false, message: "no licence")
        #expect(bench.take(1).first?.contains(#""code":-32603,"message":"no licence""#) == true)
        bench.client(1, Modern.request("1", "server/discover"))
        #expect(bench.take(1).isEmpty)
    }

    static let refused: [(String, String)] = [
        (#"{}"#, #""code":-32600"#),
        (#"{"_meta":{\#(Modern.version)}}"#, "lacks io.modelcontextprotocol/clientCapabilities"),
        (#"{"_meta":{\#(Modern.version),\#(Modern.capabilities("7"))}}"#, #""code":-32602"#),
        (#"{"_meta":{"io.modelcontextprotocol/protocolVersion":7,\#(Modern.capabilities("{}"))}}"#, #""code":-32602"#),
        (
            #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01",\#(Modern.capabilities("{}"))}}"#,
            #""code":-32022,"message":"Unsupported protocol version","data":{"supported":["2026-07-28"],"requested":"2099-01-01"}"#
        ),
    ]

    @Test(arguments: refused)
    func refusesWhatTheRevisionDoesNotAllow(params: String, answer: String) {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#)
        #expect(bench.take(1).first?.contains(answer) == true)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test(arguments: [
        "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "tasks/result", "tasks/list",
        "roots/list",
    ])
    func refusesMethodsThatTheEraHasNot(method: String) {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", method, #","uri":"x:a","level":"info""#))
        #expect(bench.take(1).first?.contains(#""code":-32601"#) == true)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test func aSessionOfTheEraMustSaySoEachTime() {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#))
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.take(1).first?.contains(#""id":2,"error":{"code":-32602"#) == true)
        #expect(bench.mux.protocolVersion(of: 1) == "2026-07-28")
        #expect(bench.mux.clientInfo(of: 1)?["name"] == "m")
    }

    @Test func theBackendIsToldNothingOfTheEra() {
        var bench = Bench()
        bench.connectModern(1)
        let meta = #", "v/x": 1.0 ,"progressToken":"p","traceparent":"00-1""#
        bench.client(1, Modern.request(#""c""#, "tools/call", #", "name" : "t","arguments":{"a":1.50}"#, meta: meta))
        let id = bench.backendID("tools/call") ?? 0
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"_meta":{"v/x": 1.0,"progressToken":\#(id),"traceparent":"00-1"}, "name" : "t","arguments":{"a":1.50}}}"#
            ])
        bench.backend(
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(id),"progress":1}}"#)
        #expect(bench.take(1).first?.contains(#""progressToken":"p""#) == true)
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[],"x":1.0}}"#)
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":"c","result":{\#(Modern.complete),\#(Modern.server),"content":[],"x":1.0}}"#
            ])
    }

    static let results: [(String, String, String)] = [
        ("prompts/get", "{}", #"{\#(Modern.complete),\#(Modern.server)}"#),
        (
            "resources/read", #"{"contents":[]}"#,
            #"{\#(Modern.complete),\#(Modern.uncached),\#(Modern.server),"contents":[]}"#
        ),
        (
            "resources/read", #"{"resultType":"x","ttlMs":5,"cacheScope":"public","_meta":{"a":1}}"#,
            #"{"resultType":"x","ttlMs":5,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"fake","version":"1"},"a":1}}"#
        ),
        ("tools/call", #"{"_meta":{}}"#, #"{\#(Modern.complete),\#(Modern.server)}"#),
        ("tools/call", "7", "7"),
    ]

    @Test(arguments: results)
    func resultsSayWhatTheEraWants(method: String, result: String, expected: String) {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", method, #","uri":"x:a""#))
        let id = bench.backendID(method) ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":\#(expected)}"#])
    }

    @Test func aResourceThatIsNotThereHasTheErasNumber() {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "resources/read", #","uri":"x:a""#))
        let id = bench.backendID("resources/read") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"error":{"message":"no","code": -32002,"data":1}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"error":{"message":"no","code": -32602,"data":1}}"#])
    }

    @Test(arguments: ["tools/list", "prompts/list", "resources/list", "resources/templates/list"])
    func listsAreFetchedOnceForBothEras(method: String) {
        var bench = Bench()
        bench.connect(1)
        bench.connectModern(2)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#)
        bench.client(2, Modern.request("1", method))
        let id = bench.backendID(method) ?? 0
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"#])
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"a":[],"nextCursor":"2"}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{"a":[],"nextCursor":"2"}}"#])
        let modern =
            #"{\#(Modern.complete),\#(Modern.uncached),\#(Modern.server),"a":[],"nextCursor":"2"}"#
        #expect(bench.take(2) == [#"{"jsonrpc":"2.0","id":1,"result":\#(modern)}"#])
        bench.client(2, Modern.request("3", method, #","cursor":"2""#))
        #expect(bench.takeBackend().first?.contains(#""params":{"cursor":"2"}"#) == true)
    }

    @Test func theLevelOfARequestCountsWhileItRuns() {
        var bench = Bench()
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "tools/call", #","name":"t""#))
        let log = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1}}"#
        bench.backend(log)
        #expect(bench.take(1).isEmpty)
        let level = #","io.modelcontextprotocol/logLevel":"warning""#
        bench.client(1, Modern.request("2", "tools/call", #","name":"t""#, meta: level))
        #expect(bench.backendReceived.contains { $0.contains(#""logging/setLevel","params":{"level":"warning"}"#) })
        bench.backend(log)
        bench.backend(log.replacing("error", with: "info"))
        #expect(bench.take(1) == [log])
        let id = bench.backendID("tools/call") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        _ = bench.take(1)
        bench.backend(log)
        #expect(bench.take(1).isEmpty)
    }

    @Test func aResumedSessionIsStillOfItsEra() {
        var first = Bench()
        first.connectModern(1)
        first.client(1, Modern.request("1", "tools/call", #","name":"t""#))
        var bench = Bench(snapshot: first.mux.snapshot)
        bench.open(2, resume: first.mux.resume(of: 1))
        #expect(bench.mux.protocolVersion(of: 2) == "2026-07-28")
        bench.client(2, #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        #expect(bench.take(2).first?.contains("-32602") == true)
    }

    @Test func listChangesReachNobodyWhoDidNotAsk() {
        var bench = Bench()
        bench.connect(1)
        bench.connectModern(2)
        bench.client(2, Modern.request("1", "tools/call", #","name":"t""#))
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        bench.fire(.listChanged)
        #expect(bench.take(1).count == 1)
        #expect(bench.take(2).isEmpty)
    }

    /// Requests that are answered without the backend: a list from the cache, a tool that is denied, a retry of nothing,
    /// a method that there is not.
    @Test(arguments: [
        ("tools/list", ""), ("tools/call", #","name":"no""#), ("tools/call", #","name":"t","requestState":"x""#),
        ("tasks/list", ""), ("subscriptions/listen", ""),
    ])
    func theLevelOfARequestThatIsAnsweredAtOnceIsForgotten(method: String, params: String) {
        var bench = Bench { $0.denyTools = ["no"] }
        bench.connectModern(1)
        bench.client(1, Modern.request("1", "tools/list"))
        let list = bench.backendID("tools/list") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(list),"result":{"tools":[]}}"#)
        bench.client(1, Modern.request("2", "tools/call", #","name":"t""#))
        _ = bench.take(1)
        let level = #","io.modelcontextprotocol/logLevel":"debug""#
        bench.client(1, Modern.request("3", method, params, meta: level))
        #expect(bench.take(1).count == 1)
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1}}"#)
        #expect(bench.take(1).isEmpty)
    }
}
