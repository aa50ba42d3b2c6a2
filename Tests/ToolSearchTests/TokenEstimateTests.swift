// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ToolSearch

/// The estimate against counts of o200k_base, made with tiktoken.
@Suite struct TokenEstimateTests {
    @Test(arguments: [
        (
            #"{"name":"find_symbol","description":"Finds a symbol by its name path.","inputSchema":{"type":"object"}}"#,
            24
        ),
        (#"{"path":{"type":"string","description":"The file's path, relative to the repository's root."}}"#, 22),
        ("Use the tool first; read its answer before you edit anything in the repository.", 16),
        ("2026-11-25T12:00:00Z", 13),
    ])
    func isWithinAFifth(text: String, counted: Int) {
        let estimate = TokenEstimate.tokens(in: text.utf8)
        #expect(abs(estimate - counted) * 5 <= counted + 4, "\(estimate) for \(counted): \(text)")
    }

    @Test func nothingIsNothing() { #expect(TokenEstimate.tokens(in: "".utf8) == 0) }
}
