// SPDX-License-Identifier: Apache-2.0

/// The terms of a text: words in small letters, without those that say nothing, reduced to their stem.
enum Terms {
    static func of(_ text: String) -> [String] {
        var terms: [String] = []
        Identifier.forEachWord(of: text) { word in
            var letters = word.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
            guard !stopWords.contains(String(decoding: letters, as: UTF8.self)) else { return }
            stem(&letters)
            terms.append(String(decoding: letters, as: UTF8.self))
        }
        return terms
    }

    /// English words that every description and every request may have.
    private static let stopWords: Set<String> = [
        "a", "an", "the", "of", "to", "in", "on", "for", "with", "and", "or", "by", "from", "at", "as", "is", "are",
        "be", "this", "that", "it", "its", "into", "via", "using", "use", "used", "your", "you", "my", "me", "i", "we",
        "our", "can", "will", "if", "not", "no", "any", "all", "which", "what", "when", "how", "do", "does", "did",
        "has", "have", "was", "were", "been", "there", "their", "they", "them", "these", "those", "so", "such", "than",
        "then", "also", "please", "want", "need", "would", "like", "should", "could", "about",
    ]

    /// Takes endings off that seldom change what is meant: plurals, -ing, -ed, and a last e.
    ///
    /// As good here as Porter's stemmer, which is thirty times as long.
    static func stem(_ word: inout [UInt8]) {
        if word.ends(with: "ies"), word.count > 4 {
            word.removeLast(3)
            word.append(UInt8(ascii: "y"))
        } else if word.ends(with: "sses") {
            word.removeLast(2)
        } else if word.ends(with: "s"), word.count > 3, !["ss", "us", "is"].contains(where: word.ends) {
            word.removeLast()
        }
        for ending in ["ing", "ed"] where word.ends(with: ending) && word.count > ending.utf8.count + 2 {
            let rest = word.dropLast(ending.utf8.count)
            guard rest.contains(where: isVowel) else { continue }
            word = Array(rest)
            if let last = word.last, word.dropLast().last == last, !"lsz".utf8.contains(last) { word.removeLast() }
            break
        }
        if word.last == UInt8(ascii: "e"), word.count > 3 { word.removeLast() }
    }

    private static func isVowel(_ byte: UInt8) -> Bool { "aeiouy".utf8.contains(byte) }
}

extension [UInt8] {
    fileprivate func ends(with ending: String) -> Bool { suffix(ending.utf8.count).elementsEqual(ending.utf8) }
}
