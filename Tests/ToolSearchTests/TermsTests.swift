// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ToolSearch

@Suite struct TermsTests {
    @Test(arguments: [
        ("getHTTPHeaders_v2", "get HTTP Headers v 2"), ("find_symbol", "find symbol"), ("ABCDef", "ABC Def"),
        ("listPRs", "list P Rs"), ("mcp__git__git_status", "mcp git git status"), ("X", "X"), ("", ""), ("--", ""),
        ("größe", "größe"), ("Größe_neu", "Größe neu"), ("v10beta", "v 10 beta"),
    ])
    func namesAreCutIntoWords(name: String, words: String) { #expect(Identifier.spaced(name) == words) }

    @Test(arguments: [
        ("files", "fil"), ("file", "fil"), ("queries", "query"), ("query", "query"), ("classes", "class"),
        ("status", "status"), ("creating", "creat"), ("created", "creat"), ("create", "creat"), ("stopping", "stop"),
        ("listed", "list"), ("sing", "sing"), ("bus", "bus"), ("analysis", "analysis"), ("is", "is"), ("e", "e"),
    ])
    func endingsAreTakenOff(word: String, stem: String) {
        var bytes = Array(word.utf8)
        Terms.stem(&bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == stem)
    }

    @Test func whatEveryTextHasIsLeftOut() {
        #expect(Terms.of("Please find all of the usages in my file") == ["find", "usag", "fil"])
    }

    @Test(arguments: [0.001, 0.5, 1, 1.5, 2, 10, 1386, 1e9])
    func logarithmsAreRight(value: Double) {
        // exp by its series, of the result's half, squared: independent of the way it was computed.
        let half = naturalLogarithm(value) / 2
        var term = 1.0
        var sum = 1.0
        for step in 1..<200 {
            term *= half / Double(step)
            sum += term
        }
        #expect((sum * sum / value - 1).magnitude < 1e-12)
    }
}
