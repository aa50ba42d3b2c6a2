// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// A client gets what its revision knows, and every other byte as it came (protocol.md §2.6).
@Suite struct DownconversionTests {
    private func answer(_ result: String, to version: String, era: BackendEra = .legacy) -> String {
        var bench = Bench { $0.era = era }
        if era == .legacy {
            bench.connect(1, version: version)
            bench.client(1, #"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"t"}}"#)
            let id = bench.backendID("tools/call") ?? 0
            bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#)
            let received = bench.take(1).last ?? ""
            return String(received.dropFirst(#"{"jsonrpc":"2.0","id":"c","result":"#.count).dropLast())
        }
        let line = Array(result.utf8)
        let edits = Downconversion(version: version, backend: era)?.edits(line.span, result: 0..<line.count) ?? []
        var actions = Actions()
        actions.write(line.span, 0..<line.count, edits)
        return String(decoding: actions.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (
            "2024-11-05", #"{"content":[{"type":"audio","mimeType":"audio/wav","data":"AAAAAAAA"}],"x":1.0}"#,
            #"{"content":[{"type":"text","text":"[audio/wav, about 7 bytes of audio]"}],"x":1.0}"#
        ),
        (
            "2025-03-26",
            #"{"content":[{"type":"resource_link","uri":"file:///a","name":"A"}, {"type":"text","text":"\\u00e4"}]}"#,
            #"{"content":[{"type":"text","text":"A: file:///a"}, {"type":"text","text":"\\u00e4"}]}"#
        ),
        (
            "2025-03-26", #"{"structuredContent":{"a":1.50}}"#,
            #"{"content":[{"type":"text","text":"{\"a\":1.50}"}],"structuredContent":{"a":1.50}}"#
        ),
        (
            "2025-03-26", #"{"content":[],"structuredContent":{}}"#,
            #"{"content":[{"type":"text","text":"{}"}],"structuredContent":{}}"#
        ),
        (
            "2024-11-05", #"{"messages":[{"role":"user","content":{"type":"resource_link","uri":"u:/x"}}]}"#,
            #"{"messages":[{"role":"user","content":{"type":"text","text":"u:/x"}}]}"#
        ),
    ])
    func whatARevisionDoesNotKnowBecomesText(version: String, result: String, expected: String) {
        #expect(answer(result, to: version) == expected)
    }

    @Test(arguments: [
        ("2025-03-26", #"{"content":[{"type":"audio","mimeType":"audio/wav","data":"AA=="}]}"#),
        ("2025-06-18", #"{"content":[{"type":"resource_link","uri":"u:/x","name":"x"}],"structuredContent":{"a":1}}"#),
        ("2025-11-25", #"{"structuredContent":{"a":1e2}}"#),
        (
            "2024-11-05",
            #"{"content":[{"type":"text","text":"a"},{"type":"image","data":"","mimeType":"m"}],"structuredContent":{}}"#
        ),
        ("2024-11-05", #"{"content":"no array","messages":7}"#),
    ])
    func whatItKnowsPassesByteForByte(version: String, result: String) {
        #expect(answer(result, to: version) == result)
    }

    @Test func structuredContentOfAStatelessBackendMayBeAnyValue() {
        #expect(
            answer(#"{"content":[{"type":"text","text":"7"}],"structuredContent":7}"#, to: "2025-11-25", era: .modern)
                == #"{"content":[{"type":"text","text":"7"}],"structuredContent":{"value":7}}"#)
        #expect(
            answer(#"{"structuredContent":[1]}"#, to: "2025-11-25", era: .modern)
                == #"{"content":[{"type":"text","text":"[1]"}],"structuredContent":{"value":[1]}}"#)
        #expect(
            answer(#"{"structuredContent":[1]}"#, to: "2026-07-28", era: .modern) == #"{"structuredContent":[1]}"#)
    }

    @Test func theEraIsTheOneThatTheBackendTurnedOutToBeOf() {
        var bench = Bench()
        bench.open(1)
        bench.client(1, Bench.initialize(version: "2025-11-25"))
        bench.perform { $0.backendStarted(generation: 1, era: .modern, now: $1, into: &$2) }
        let discover = bench.backendID("server/discover") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(discover),"result":\#(Modern.discover)}"#)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"x/y"}"#)
        let id = bench.backendID("x/y") ?? 0
        bench.backend(#"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[],"structuredContent":7}}"#)
        #expect(bench.take(1).last?.contains(#""structuredContent":{"value":7}"#) == true)
    }
}
