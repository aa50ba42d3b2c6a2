// SPDX-License-Identifier: Apache-2.0

/// Writes a text as numbers of a vocabulary's pieces: the longest that fits, again and again, word by word.
///
/// The numbers are those that the `tokenizers` library gives for the model (`BertNormalizer`, `BertPreTokenizer`,
/// `WordPiece`), but that a text's own "[SEP]" is text.
public struct WordPiece: Sendable {
    /// A word with more characters is not looked at.
    static let longestWord = 100

    public let vocabulary: Vocabulary
    private let words = BERTWords()

    public init(vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// The numbers of the pieces of `text`.
    ///
    /// - Parameters:
    ///   - unknown: stands for a word that cannot be spelled; `nil` leaves it out.
    ///   - limit: the most numbers to return.
    public func pieces(of text: String, unknown: Int? = nil, limit: Int = .max) -> [Int] {
        var ids: [Int] = []
        words.forEach(of: text) { word, characters in
            let start = ids.count
            if characters > WordPiece.longestWord || !append(word, to: &ids) {
                ids.removeLast(ids.count - start)
                if let unknown { ids.append(unknown) }
            }
            return ids.count < limit
        }
        if ids.count > limit { ids.removeLast(ids.count - limit) }
        return ids
    }

    /// `false` when there is no piece for the rest.
    private func append(_ word: [UInt8], to ids: inout [Int]) -> Bool {
        var rest = word[...]
        while !rest.isEmpty {
            guard let piece = vocabulary.longestPiece(of: rest, continuing: rest.startIndex > 0) else { return false }
            ids.append(piece.id)
            rest = rest.dropFirst(piece.length)
        }
        return true
    }
}
