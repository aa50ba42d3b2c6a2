// SPDX-License-Identifier: Apache-2.0

/// What kinds of tools there are, read from their names: `symbol (9), memory (6), other (8)`.
///
/// The word that most names share makes the first category, the one that most of the rest share the next, and so on.
struct ToolCategories {
    struct Category: Equatable {
        let word: String
        var names: [String]
    }

    private static let most = 12
    /// Words that say what is done, not to what.
    private static let verbs: Set<String> = [
        "get", "list", "create", "delete", "update", "find", "search", "read", "write", "set", "add", "remove", "edit",
        "make", "run", "start", "stop", "send", "fetch", "query", "call", "check", "show", "replace", "insert",
        "rename",
        "copy", "move", "open", "close", "for", "of", "to", "in", "by", "with", "from", "and", "all", "the", "a", "on",
        "before", "after", "is", "tool",
    ]

    let categories: [Category]

    init(names: [String], server: String) {
        let own = Set(Self.words(of: server))
        var rest = names.map { name in
            (name: name, words: Set(Self.words(of: name)).subtracting(Self.verbs).subtracting(own))
        }
        var found: [Category] = []
        while found.count < Self.most, let word = Self.commonest(rest.map(\.words)) {
            found.append(Category(word: word, names: rest.filter { $0.words.contains(word) }.map(\.name)))
            rest.removeAll { $0.words.contains(word) }
        }
        if !rest.isEmpty { found.append(Category(word: found.isEmpty ? "tools" : "other", names: rest.map(\.name))) }
        categories = found
    }

    /// The word that most of them have, if two have it; of several the first in the alphabet.
    private static func commonest(_ words: [Set<String>]) -> String? {
        var counts: [String: Int] = [:]
        for set in words { for word in set { counts[word, default: 0] += 1 } }
        return counts.filter { $0.value > 1 }.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    /// A name's words in the singular.
    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var wasLower = false
        for character in name {
            if !character.isLetter || (character.isUppercase && wasLower) {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if character.isLetter { word += character.lowercased() }
            wasLower = character.isLowercase
        }
        if !word.isEmpty { words.append(word) }
        return words.map(singular)
    }

    private static func singular(_ word: String) -> String {
        if word.hasSuffix("ies"), word.count > 4 { return word.dropLast(3) + "y" }
        if word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us"), word.count > 3 {
            return String(word.dropLast())
        }
        return word
    }

    /// `symbol (9), memory (6)`, in at most so many bytes.
    func text(within limit: Int) -> String {
        var text = ""
        for category in categories {
            let part = "\(text.isEmpty ? "" : ", ")\(category.word) (\(category.names.count))"
            guard text.utf8.count + part.utf8.count <= limit else { return text + ", …" }
            text += part
        }
        return text
    }
}
