// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

/// Tools that are called after each start.
@Suite struct StartCallTests {
    private func bench() -> Bench {
        Bench {
            $0.startCalls = [
                CallAtStart(tool: "open \"x\"", arguments: #"{"n":1.0}"#), CallAtStart(tool: "warm", arguments: "{}"),
            ]
        }
    }

    private func call(_ id: Int, _ tool: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)"}}"#
    }

    @Test func theyGoBeforeWhatWaitsAndAfterEachStart() {
        var bench = bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.perform { $0.call(tool: "local", arguments: nil, token: 9, now: $1, into: &$2) }
        for generation in 1...2 {
            bench.client(1, call(generation, "t"))
            bench.runBackend()
            let sent = bench.takeBackend()
            #expect(sent.count >= 5)
            #expect(sent[2].hasSuffix(#""method":"tools/call","params":{"name":"open \"x\"","arguments":{"n":1.0}}}"#))
            #expect(sent[3].hasSuffix(#""params":{"name":"warm","arguments":{}}}"#))
            let ids = sent.compactMap { (try? JSONValue(parsing: $0))?["id"]?.intValue }
            #expect(ids == ids.sorted())
            bench.endBackend()
        }
    }

    @Test(arguments: [
        (#""result":{"content":[]}"#, String?.none),
        (#""result":{"content":[],"isError":true}"#, "on_start call warm failed: its result is an error"),
        (#""error":{"code":-1,"message":"no"}"#, "on_start call warm failed: no"),
    ])
    func theirFailureIsLoggedAndTheirAnswerNobodys(answer: String, complaint: String?) {
        var bench = bench()
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.runBackend()
        let id = bench.backendID("tools/call") ?? 0
        _ = bench.take(1)
        bench.orders = []
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),\#(answer)}"#)
        #expect(bench.take(1).isEmpty)
        #expect(bench.takeOrders() == (complaint.map { [.log(.warning, $0)] } ?? []))
    }
}
