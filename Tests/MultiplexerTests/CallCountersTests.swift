// SPDX-License-Identifier: Apache-2.0

import Foundation
import MCPWire
import Testing

@testable import Multiplexer

@Suite struct CallCountersTests {
    private static func ready(_ machine: inout Multiplexer, _ actions: inout Actions) {
        machine.open(SessionID(raw: 1), resume: nil, now: 0, into: &actions)
        for line in [
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        ] { machine.receive(Array(line.utf8).span, from: SessionID(raw: 1), now: 0, into: &actions) }
        machine.backendStarted(generation: 1, now: 0, into: &actions)
        let answer =
            #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"x","version":"1"}}}"#
        machine.receiveFromBackend(Array(answer.utf8).span, now: 0, into: &actions)
    }

    @Test func callsAreCountedByToolWithTheirTime() {
        var machine = Multiplexer(configuration: MultiplexerConfiguration(), snapshot: nil)
        var actions = Actions()
        Self.ready(&machine, &actions)
        for (id, tool, took, end) in [
            (2, "a", 3, "result\":{}"), (3, "a", 900, "result\":{}"), (4, "b\\u0063", 0, "error\":{\"code\":1}"),
        ] as [(Int, String, Int64, String)] {
            let call = #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)"}}"#
            machine.receive(Array(call.utf8).span, from: SessionID(raw: 1), now: 1000, into: &actions)
            let answer = "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"\(end)}"
            machine.receiveFromBackend(Array(answer.utf8).span, now: 1000 + took, into: &actions)
        }
        let tools = machine.calls.tools
        #expect(tools.map(\.name) == ["a", "bc"])
        #expect(tools.map(\.calls) == [2, 1])
        #expect(tools.map(\.errors) == [0, 1])
        #expect(tools[0].totalMilliseconds == 903)
        #expect(tools[0].quantile(percent: 50) == 5 && tools[0].quantile(percent: 99) == 1000)
        #expect(tools[1].quantile(percent: 50) == 1)
    }

    /// Its memory must not be theirs to fill.
    @Test func whatIsNoNameIsNotKept() throws {
        var counters = CallCounters()
        for number in 0..<100 {
            for name in ["\(number)", "\"\(String(repeating: "x", count: 1000))\(number)\""] {
                let bytes = Array(name.utf8)
                counters.count(at: counters.place(of: bytes.indices, in: bytes.span), milliseconds: 1, isError: false)
            }
        }
        #expect(counters.tools.map(\.name) == ["(others)"] && counters.total == 200)
        #expect(try JSONEncoder().encode(counters).count < 1000)
    }

    @Test func aClientThatInventsNamesIsCountedInOnePlace() {
        var counters = CallCounters()
        for number in 0..<5000 {
            let name = Array("\"tool\(number)\"".utf8)
            let place = counters.place(of: 0..<name.count, in: name.span)
            counters.count(at: place, milliseconds: 1_000_000, isError: false)
        }
        #expect(counters.tools.count == 2001)
        #expect(counters.tools.last?.calls == 3000)
        #expect(counters.tools.last?.quantile(percent: 50) == nil)
        var sum = CallCounters()
        sum.add(counters)
        sum.add(counters)
        #expect(sum.tools.last?.calls == 6000 && sum.tools.first?.calls == 2)
    }
}
