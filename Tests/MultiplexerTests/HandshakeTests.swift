// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@Suite struct HandshakeTests {
    @Test func aSecondHandshakeTakesItsLogLevelBack() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        bench.client(1, Bench.initialize())
        #expect(bench.takeBackend().last?.contains(#""params":{"level":"info"}"#) == true)
    }

    @Test func firstInitializeStartsTheBackendAndIsAnsweredFromItsHandshake() throws {
        var bench = Bench { $0.clientVersion = "9" }
        bench.open(1)
        bench.client(1, Bench.initialize(version: "2025-06-18"))
        #expect(bench.takeOrders() == [.startBackend])
        #expect(bench.mux.needsBackend)
        bench.startBackend()
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"mcp-supervisor","version":"9"}}}"#
            ])
        bench.backend(#"{"jsonrpc":"2.0","id":1,"result":\#(Bench.initializeResult)}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#])
        #expect(
            bench.take(1) == [
                #"{"jsonrpc":"2.0","id":"init","result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"logging":{},"tasks":{"list":{}},"x":1.0},"serverInfo":{"name":"fake","version":"1"},"instructions":"do"}}"#
            ])
        #expect(bench.takeOrders().contains(.ready))
        #expect(bench.mux.isReady)
        #expect(bench.mux.protocolVersion(of: 1) == "2025-06-18")
        #expect(bench.mux.clientInfo(of: 1)?["name"] == "tester")
    }

    @Test func laterInitializeNeverReachesTheBackend() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, Bench.initialize())
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        #expect(bench.take(1).count == 1)
        #expect(bench.takeBackend().isEmpty)
    }

    @Test(arguments: [
        ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("", "2025-11-25"),
    ])
    func answersTheClientsOwnRevisionIfItIsKnown(asked: String, answered: String) {
        var bench = Bench()
        bench.connect(9)
        bench.open(1)
        bench.client(1, Bench.initialize(version: asked))
        #expect(bench.take(1).first?.contains(#""protocolVersion":"\#(answered)""#) == true)
    }

    @Test func snapshotAnswersWithoutABackend() throws {
        var first = Bench()
        first.connect(1)
        let json = try #require(first.mux.snapshot).json
        var bench = Bench(snapshot: Snapshot(json: try JSONValue(parsing: json.text)))
        bench.open(1)
        bench.client(1, Bench.initialize())
        #expect(bench.take(1).count == 1)
        #expect(bench.takeOrders() == [.sessionChanged(1)])
        #expect(!bench.mux.needsBackend)
    }

    @Test func sessionsHearOfABackendThatIsNotItsSnapshot() {
        var bench = Bench(snapshot: Snapshot(initializeResult: Array(Bench.initializeResult.utf8)))
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.runBackend(result: #"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{}}"#)
        let orders = bench.takeOrders()
        #expect(orders.contains(.snapshotChanged))
        #expect(orders.contains(.arm(.listChanged, milliseconds: 200)))
        _ = bench.take(1)
        bench.fire(.listChanged)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#])
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no licence"}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"capabilities":{}}}"#, #"{"jsonrpc":"2.0","id":1,"result":7}"#,
    ])
    func refusedHandshakeFailsTheStart(answer: String) {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.startBackend()
        bench.backend(answer)
        #expect(bench.takeOrders().contains { if case .startFailed = $0 { true } else { false } })
        bench.endBackend(willRestart: false, message: "no licence")
        let replies = bench.take(1)
        #expect(replies.count == 1)
        #expect(replies.first?.contains(#""code":-32603,"message":"no licence""#) == true)
        bench.client(1, Bench.initialize())
        #expect(bench.takeOrders() == [.startBackend])
    }

    @Test func silentBackendFailsTheStart() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.startBackend()
        bench.fire(.handshake, after: 60_000)
        #expect(bench.takeOrders().last == .startFailed(reason: "fake did not answer initialize within 60 s"))
    }

    @Test func garbageOnlyFailsTheStart() {
        var bench = Bench { $0.maximumGarbage = 100 }
        bench.startBackend()
        bench.backend(String(repeating: "x", count: 90))
        #expect(!bench.takeOrders().contains { if case .startFailed = $0 { true } else { false } })
        bench.backend("{}..........")
        #expect(bench.takeOrders().contains { if case .startFailed = $0 { true } else { false } })
    }

    @Test func resumedSessionGoesOnWithoutASecondHandshake() {
        var first = Bench()
        first.connect(1)
        first.client(1, #"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}"#)
        first.client(1, #"{"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"file:///a"}}"#)
        let id = first.backendID("resources/subscribe") ?? 0
        first.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        let value = first.mux.resume(of: 1)
        #expect(value.count < 16 << 10)

        var bench = Bench(snapshot: first.mux.snapshot)
        bench.open(5, resume: value)
        #expect(bench.takeOrders() == [.startBackend])
        bench.runBackend()
        let sent = bench.takeBackend().joined(separator: "\n")
        #expect(sent.contains(#""method":"logging/setLevel","params":{"level":"debug"}"#))
        #expect(sent.contains(#""method":"resources/subscribe","params":{"uri":"file:///a"}"#))
        bench.client(5, #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(bench.takeBackend().count == 1)
        #expect(bench.mux.resume(of: 5) == value)
    }

    @Test func strangeResumeValueStartsAnew() {
        var bench = Bench()
        bench.open(1, resume: Array("{\"v\":99}".utf8))
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        #expect(bench.take(1).first?.contains("-32600") == true)
    }
}
