// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// What a crash takes away and changes nothing is asked again, once (protocol.md §2.7 e).
@Suite struct RetryTests {
    private static let safe = [
        #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{}}}"#,
    ]

    @Test(arguments: safe)
    func aSafeRequestIsAskedOfTheNextProcess(line: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, line)
        bench.endBackend()
        #expect(bench.take(1) == [])
        #expect(bench.takeOrders().contains(.startBackend))
        _ = bench.takeBackend()
        bench.runBackend()
        let method = line.components(between: "\"method\":\"", and: "\"")
        let id = bench.backendID(method) ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"x":1}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#])
    }

    @Test(arguments: safe)
    func oneThatEndsTheNextProcessTooIsNot(line: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, line)
        bench.endBackend()
        bench.runBackend()
        bench.endBackend()
        let lines = bench.take(1)
        #expect(lines.count == 1 && lines[0].contains(#""id":1,"error":{"code":-32603"#))
    }

    @Test func severalKeepTheirOrderInFrontOfWhatWaited() {
        var bench = Bench { $0.maximumInFlightPerSession = 2 }
        bench.connect(1)
        for id in 1...3 {
            bench.client(1, #"{"jsonrpc":"2.0","id":\#(id),"method":"resources/read","params":{"uri":"u:\#(id)"}}"#)
        }
        _ = bench.takeBackend()
        bench.endBackend()
        bench.runBackend()
        let asked = bench.takeBackend().filter { $0.contains("resources/read") }
        #expect(asked.count == 2 && asked[0].contains("u:1") && asked[1].contains("u:2"))
    }

    @Test func thoseWhoWaitForAListGoOnWaiting() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#)
        bench.client(2, #"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#)
        bench.endBackend()
        #expect(bench.take(1) + bench.take(2) == [])
        bench.runBackend()
        let id = bench.backendID("prompts/list") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"prompts":[]}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"result":{"prompts":[]}}"#])
        #expect(bench.take(2).count == 1)
    }

    @Test func aToolCallIsNeverAskedAgain() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        bench.endBackend()
        #expect(bench.take(1).count == 1)
        #expect(!bench.takeOrders().contains(.startBackend))
    }

    @Test func nothingIsAskedAgainWhenNoProcessComes() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, Self.safe[0])
        bench.endBackend(willRestart: false)
        #expect(bench.take(1).count == 1)
    }
}

extension String {
    fileprivate func components(between start: String, and end: String) -> String {
        guard let from = firstRange(of: start)?.upperBound else { return "" }
        return String(self[from...].prefix { !end.contains($0) })
    }
}
