// SPDX-License-Identifier: Apache-2.0

import Foundation
import MCPWire
import Testing

@testable import ToolSearch

@Suite struct ToolIndexTests {
    private static let documents = [
        ("find_symbol", "Finds classes, functions and other symbols by name."),
        ("find_referencing_symbols", "Finds all places where a symbol is used."),
        ("replace_symbol_body", "Replaces the body of a function or class."),
        ("list_dir", "Lists the files of a directory."), ("execute_shell_command", "Runs a command in a shell."),
        ("write_memory", "Stores a note about the project for later."),
    ].map { ToolDocument(server: "serena", name: $0.0, description: $0.1, parameters: []) }

    static let tableFile = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "share/token-table.bin")

    static func table() throws -> TokenTable { try TokenTable(copying: Array(Data(contentsOf: tableFile))) }

    private func names(_ ranking: Ranking) -> [String] { ranking.hits.map { Self.documents[$0.position].name } }

    @Test func wordsAloneFindWhatTheyName() {
        let index = ToolIndex(documents: Self.documents, table: nil)
        #expect(names(index.search("list files", limit: 3)).first == "list_dir")
        #expect(index.search("list files", limit: 3).confidence != .none)
        #expect(index.search("banana split", limit: 3) == Ranking(hits: [], confidence: .none, total: 6))
        #expect(index.search("", limit: 3).hits.isEmpty)
    }

    @Test func meaningsAreFoundWithoutACommonWord() throws {
        let index = ToolIndex(documents: Self.documents, table: try Self.table())
        #expect(names(index.search("start a terminal program", limit: 1)) == ["execute_shell_command"])
        #expect(names(index.search("remember something", limit: 1)) == ["write_memory"])
    }

    @Test func theRankingIsTheSameInWhateverOrderTheToolsStand() throws {
        let table = try Self.table()
        let index = ToolIndex(documents: Self.documents, table: table)
        let turned = Array(Self.documents.reversed())
        let other = ToolIndex(documents: turned, table: table)
        for query in ["find symbol", "run", "note", "directory of a class", "symbol symbol symbol symbol"] {
            let left = index.search(query, limit: 6).hits.map { Self.documents[$0.position].name }
            let right = other.search(query, limit: 6).hits.map { turned[$0.position].name }
            #expect(left == right, "\(query)")
        }
    }

    @Test func equalScoresAreOrderedByName() {
        let twins = ["b", "a", "c"].map { ToolDocument(server: "", name: "x", description: $0, parameters: []) }
        let index = ToolIndex(
            documents: twins.enumerated().map { place, twin in
                ToolDocument(server: "", name: "read_\(twin.description)", description: "", parameters: [])
            }, table: nil)
        #expect(index.search("read", limit: 3).hits.map(\.position) == [1, 0, 2])
    }

    @Test func aSentenceVectorMovesItsToolAndNoOther() throws {
        var index = ToolIndex(documents: Self.documents, table: try Self.table())
        let before = index.search("anything at all", limit: 6).hits
        var sentence = [Float](repeating: 0, count: TokenTable.sentenceDimensions)
        sentence[3] = 1
        index.setSentence(sentence, at: 2)
        index.setSentence([1], at: 1)  // Of the wrong length: left out.
        index.setSentence(sentence, at: 99)
        #expect(index.sentenceCount == 1)
        let found = index.search("anything at all", sentence: sentence, limit: 6).hits
        #expect(found.first?.position == 2)
        #expect(before.count <= 6)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude])
    func whatADamagedEngineComputesIsLeftOut(number: Float) throws {
        var index = ToolIndex(documents: Self.documents, table: try Self.table())
        var sentence = [Float](repeating: 0.05, count: TokenTable.sentenceDimensions)
        sentence[7] = number
        let before = index.search("run a command", limit: 6)
        index.setSentence(sentence, at: 2)
        #expect(index.sentenceCount == 0)
        #expect(index.search("run a command", sentence: sentence, limit: 6) == before)
    }

    @Test func aDefinitionIsReadAsAToolOfTheProtocol() throws {
        let text = #"""
            {"name":"move","description":"Moves a file. Fast.","inputSchema":{"type":"object","properties":{
            "from":{"type":"string","description":"The source"},"mode":{"enum":["copy","link",1]},
            "flags":{"type":"array","items":{"enum":["f"]}}}}}
            """#
        let document = try #require(ToolDocument(server: "fs", definition: JSONValue(parsing: text)))
        #expect(document.parameters.map(\.name) == ["from", "mode", "flags"])
        #expect(document.parameters.map(\.choices) == [[], ["copy", "link"], ["f"]])
        #expect(document.firstSentence == "Moves a file.")
        #expect(
            document.forms == [
                "move", "fs move: Moves a file.", "fs move: Moves a file. Fast.",
                "fs move: Moves a file. Fast. from The source mode  copy link flags  f",
            ])
        #expect(ToolDocument(server: "fs", definition: ["description": "no name"]) == nil)
    }
}
