// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the client was told by us instead of its server, counted as it is told.
extension MetaToolSession {
    /// A meta-tool's result.
    mutating func tell(
        _ asker: Asker, _ texts: [String], isError: Bool = false, _ structured: JSONValue? = nil
    ) -> MetaToolStep {
        let structured = structured.map { Array($0.text.utf8) }
        let structuredTokens = TokenEstimate.tokens(in: structured ?? [])
        tally.structuredTokens += structuredTokens
        tally.answerTokens += texts.reduce(structuredTokens) { $0 + TokenEstimate.tokens(in: $1.utf8) }
        return asker.answer(texts: texts, isError: isError, structured: structured)
    }

    /// The definitions and instructions that the client has: once a session.
    mutating func countGiven(_ catalog: ToolCatalog, _ view: MetaToolView) {
        guard !isGivenCounted else { return }
        isGivenCounted = true
        let size = SizeJudgement(catalog, instructions ?? view.instructions, options)
        tally.givenTokens += size.given
        tally.plainTokens += size.plain
    }

    /// The conversation still has what it was given before.
    mutating func countFormerLife(_ view: MetaToolView) {
        guard isResumed, !isGivenCounted, isOn == true, let catalog = view.catalog else { return }
        countGiven(catalog, view)
    }
}
