// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// Calls of tools that say that twice does no harm (protocol.md §2.7 e).
@Suite struct RetryToolsTests {
    private let tools =
        #"[{"name":"read","annotations":{"readOnlyHint":true}},{"name":"same","annotations":{"idempotentHint":true}},{"name":"write","annotations":{"readOnlyHint":false}},{"name":"plain"}]"#

    private func bench(_ policy: RetryTools) -> Bench {
        var bench = Bench { $0.retryTools = policy }
        bench.connect(1, 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#)
        if let id = bench.backendID("tools/list") {
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":\#(tools)}}"#)
        }
        _ = (bench.take(1), bench.takeBackend())
        return bench
    }

    private func call(_ bench: inout Bench, _ session: SessionID, _ id: String, _ tool: String, _ argument: Int = 0) {
        bench.client(
            session,
            #"{"jsonrpc":"2.0","id":"\#(id)","method":"tools/call","params":{"name":"\#(tool)","arguments":{"n":\#(argument)}}}"#
        )
    }

    /// The tools that the running backend was asked for.
    private func asked(_ bench: inout Bench) -> [String] {
        bench.takeBackend().compactMap { (try? JSONValue(parsing: $0))?["params"]?["name"]?.stringValue }
    }

    private func die(_ bench: inout Bench) {
        bench.endBackend()
        _ = bench.takeBackend()
        bench.runBackend()
    }

    @Test(arguments: [("read", true), ("same", true), ("write", false), ("plain", false), ("unknown", false)])
    func onlyWhatSaysSoIsAskedAgain(tool: String, isAsked: Bool) {
        var bench = bench(.annotated)
        call(&bench, 1, "x", tool)
        die(&bench)
        #expect(asked(&bench) == (isAsked ? [tool] : []))
        #expect(bench.take(1).count == (isAsked ? 0 : 1))
    }

    @Test func nothingIsAskedAgainUnlessConfigured() {
        var bench = bench(.never)
        call(&bench, 1, "x", "read")
        die(&bench)
        #expect(asked(&bench) == [])
        #expect(bench.take(1).first?.contains("is not sent again") == false)
    }

    @Test func whatDiedTwiceIsAnsweredAndSaysSo() {
        var bench = bench(.annotated)
        call(&bench, 1, "x", "read")
        die(&bench)
        #expect(asked(&bench) == ["read"])
        die(&bench)
        #expect(asked(&bench) == [])
        let answers = bench.take(1)
        #expect(answers.count == 1)
        #expect(answers[0].contains("under way in 2 deaths") && answers[0].contains(#""retryable":false"#))
    }

    @Test func aNewCallWithTheSameArgumentsIsKnownAgain() {
        var bench = bench(.annotated)
        call(&bench, 1, "x", "read", 1)
        die(&bench)
        die(&bench)
        _ = (bench.take(1), asked(&bench))
        call(&bench, 2, "y", "read", 1)
        call(&bench, 1, "z", "read", 2)
        #expect(asked(&bench) == ["read", "read"])
        die(&bench)
        #expect(bench.take(2).first?.contains("under way in 2 deaths") == true)
        #expect(bench.take(1) == [])
        #expect(asked(&bench) == ["read"])
    }

    @Test func aReadThatDiedTwiceSaysSoToo() {
        var bench = bench(.never)
        bench.client(1, #"{"jsonrpc":"2.0","id":"r","method":"resources/read","params":{"uri":"u:/1"}}"#)
        die(&bench)
        die(&bench)
        #expect(bench.take(1).first?.contains("under way in 2 deaths") == true)
    }

    @Test func theTableIsBounded() {
        var table = PoisonTable()
        for _ in 0..<2 { table.noteDeath(during: 1) }
        #expect(table.isPoison(1))
        for call: UInt64 in 2...300 { table.noteDeath(during: call) }
        #expect(!table.isPoison(1) && !table.isPoison(300))
    }
}
