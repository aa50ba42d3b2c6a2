// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import ToolSearch

/// Numbers as the `tokenizers` library writes them; `make_wordpiece.py` beside this made the file.
private struct Reference: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [Int]
    }

    let vocabulary: [String]
    let cases: [Case]

    static func read() throws -> Reference {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("wordpiece.json")
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: path))
    }
}

@Suite struct WordPieceTests {
    @Test func textsOfManyScriptsGetTheNumbersOfTheReference() throws {
        let reference = try Reference.read()
        let wordPiece = WordPiece(vocabulary: try Vocabulary(lines: Array(reference.vocabulary.lines.utf8)))
        let unknown = try #require(wordPiece.vocabulary.id(of: "[UNK]"))
        #expect(reference.cases.count > 90)
        for (text, ids) in reference.cases.map({ ($0.text, $0.ids) }) {
            #expect(wordPiece.pieces(of: text, unknown: unknown) == ids, "\(text)")
            #expect(wordPiece.pieces(of: text) == ids.filter { $0 != unknown }, "\(text)")
            #expect(wordPiece.pieces(of: text, unknown: unknown, limit: 5) == Array(ids.prefix(5)), "\(text)")
        }
    }

    /// Foundation has a normalisation of its own.
    @Test func everyCharacterIsTakenApartAsFoundationDoes() {
        let decomposition = Decomposition()
        for value in UInt32(0)...0x10ffff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let expected = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.filter {
                $0.properties.generalCategory != .nonspacingMark
            }
            var bases: [Unicode.Scalar] = []
            decomposition.forEachBase(of: scalar) { bases.append($0) }
            if bases != Array(expected) { Issue.record("U+\(String(value, radix: 16)): \(bases)") }
        }
    }

    @Test func anUnspellableWordIsLeftOutAsAWhole() throws {
        let wordPiece = WordPiece(vocabulary: try Vocabulary(lines: Array("find\n##er\nfile".utf8)))
        #expect(wordPiece.pieces(of: "finder finds FILE") == [0, 1, 2])
    }

    @Test func aPieceThatContinuesIsNoBeginning() throws {
        let wordPiece = WordPiece(vocabulary: try Vocabulary(lines: Array("a\n##b\n##\n#\n".utf8)))
        #expect(wordPiece.pieces(of: "ab b ## a#", unknown: 9) == [0, 1, 9, 3, 3, 0, 3])
    }

    @Test func aVocabularyThatCannotServeSaysWhy() {
        #expect(throws: VocabularyError.empty) { try Vocabulary(lines: []) }
        #expect(throws: VocabularyError.tooLarge(70_000)) {
            try Vocabulary(lines: Array((0..<70_000).map(String.init).lines.utf8))
        }
        #expect(VocabularyError.tooLarge(70_000).description.contains("70000"))
    }
}

extension [String] {
    fileprivate var lines: String { map { $0 + "\n" }.joined() }
}
