// SPDX-License-Identifier: Apache-2.0
import Control

extension StatsReply: Shown {
    func lines(_ view: View) -> [String] {
        guard !servers.isEmpty else { return ["nothing was called since \(printable(since))"] }
        return servers.flatMap { $0.lines(view) } + ["since \(printable(since)); tokens \(printable(tokenMethod))"]
    }
}

extension ServerStats {
    private static let shownTools = 15

    fileprivate func lines(_ view: View) -> [String] {
        var lines = [view.style.apply(.bold, printable(server)) + ": backends \(backends), sessions \(sessions)"]
        if let tokens { lines += tokens.lines.map { "  \($0)" } }
        lines += metaTools.lines.map { "  \($0)" }
        lines += toolLines(view).map { "  \($0)" }
        return lines + [""]
    }

    private func toolLines(_ view: View) -> [String] {
        guard !tools.isEmpty else { return [] }
        var table = Table(["TOOL", .number("CALLS"), .number("ERRORS"), .number("P50"), .number("P99")])
        table.rows = tools.prefix(Self.shownTools).map { tool in
            [
                Table.Cell(tool.name), Table.Cell("\(tool.calls)"), Table.Cell("\(tool.errors)"),
                Table.Cell(Self.bound(tool.p50Milliseconds)), Table.Cell(Self.bound(tool.p99Milliseconds)),
            ]
        }
        let rest = tools.count - Self.shownTools
        return table.lines(view.style) + (rest > 0 ? ["and \(rest) more; --json has all"] : [])
    }

    private static func bound(_ milliseconds: Int64?) -> String { milliseconds.map { "<=\($0)ms" } ?? ">5min" }
}

extension TokenCounts {
    /// What the tools cost, and whether meta-tools would gain.
    var lines: [String] {
        let plain = definitions + instructions
        let first =
            "\(tools) tools: about \(definitions) tokens of definitions, \(instructions) of instructions "
            + "for each conversation"
        guard plain > 0, withMetaTools < plain else {
            return [first, "too small to gain from --meta-tools: they would take \(withMetaTools)"]
        }
        let saved = 100 - 100 * withMetaTools / plain
        let second = "with --meta-tools \(withMetaTools), \(saved) % fewer up front"
        return [first, isWorthIt ? second : second + "; too little for auto: searches cost, too"]
    }
}

extension MetaToolStats {
    fileprivate var lines: [String] {
        guard sessions > 0 else { return [] }
        return [
            "meta-tools in \(sessions) sessions: \(givenTokens) tokens given instead of \(plainTokens), "
                + "\(answerTokens) in their answers (\(structuredTokens) of structured content): \(savedTokens) saved",
            "\(searches) searches (\(Self.share(zeroHits, searches)) without a hit), \(descriptions) descriptions "
                + "(\(wrongDescriptions) of no tool), "
                + "\(calls) calls, \(directCalls) direct",
            "wrong names \(Self.share(wrongNames, calls + directCalls + wrongNames)), refused \(refusals), "
                + "repaired \(Self.share(repairedArguments, calls + directCalls)), "
                + "schemas after an error \(schemasAppended)",
        ]
    }

    private static func share(_ part: Int, _ whole: Int) -> String { whole == 0 ? "0 %" : "\(100 * part / whole) %" }
}
