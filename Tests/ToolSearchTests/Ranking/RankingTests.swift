// SPDX-License-Identifier: Apache-2.0

import Foundation
import MCPWire
import Testing

@testable import ToolSearch

/// A worse ranking is seen without the evaluation data, which is larger. The bounds lie clearly under what was measured,
/// so that no single query is tuned to.
@Suite struct RankingTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    private static func lines(_ name: String) throws -> [JSONValue] {
        try Data(contentsOf: folder.appending(path: name)).split(separator: UInt8(ascii: "\n")).map {
            try JSONValue(parsing: Array($0))
        }
    }

    private static func document(_ line: JSONValue) -> ToolDocument {
        let parameters = (line["params"]?.arrayValue ?? []).map { parameter in
            ToolDocument.Parameter(
                name: parameter["n"]?.stringValue ?? "", description: parameter["d"]?.stringValue ?? "",
                choices: parameter["e"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
        return ToolDocument(
            server: line["server"]?.stringValue ?? "", name: line["name"]?.stringValue ?? "",
            description: line["description"]?.stringValue ?? "", parameters: parameters)
    }

    /// The mean reciprocal rank of the first right answer among the first ten, and the part of queries with one among five.
    private func judge(_ table: TokenTable?) throws -> (reciprocal: Double, recall: Double) {
        let tools = try Self.lines("tools.jsonl")
        let ids = tools.map { $0["id"]?.stringValue ?? "" }
        let index = ToolIndex(documents: tools.map(Self.document), table: table)
        let ranks = try Self.lines("queries.jsonl").map { query -> Int in
            let right = Set((query["gold"]?.arrayValue ?? []).compactMap(\.stringValue))
            let hits = index.search(try #require(query["q"]?.stringValue), limit: 10).hits
            return hits.firstIndex { right.contains(ids[$0.position]) }.map { $0 + 1 } ?? .max
        }
        try #require(ids.count > 150 && ranks.count > 35)
        let count = Double(ranks.count)
        return (
            ranks.reduce(0) { $0 + ($1 <= 10 ? 1 / Double($1) : 0) } / count, Double(ranks.count { $0 <= 5 }) / count
        )
    }

    /// Measured: .642 and .829; words alone .524.
    @Test func wordsAndTableFindWhatIsMeant() throws {
        let found = try judge(TokenTable(copying: Array(Data(contentsOf: ToolIndexTests.tableFile))))
        #expect(found.reciprocal >= 0.60 && found.recall >= 0.78, "\(found)")
        let words = try judge(nil)
        #expect(words.reciprocal >= 0.48, "\(words)")
    }
}
