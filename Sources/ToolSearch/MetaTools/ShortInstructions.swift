// SPDX-License-Identifier: Apache-2.0

/// A server's instructions, cut down to what steers, with a word about the meta-tools.
///
/// Clients put instructions in front of every conversation. The whole text stays within reach of `describe_tool`.
public enum ShortInstructions {
    /// Bytes, ours included: at 2 KB Claude Code cuts.
    public static let limit = 2048
    /// Bytes up to which a server's own text is left alone.
    private static let untouched = 700
    /// Bytes that a longer one is cut down to.
    private static let kept = 1400

    private static let flow =
        "This server's tools are called through call_tool: find_tool finds them by meaning, describe_tool has their "
        + "arguments. That holds for every tool named here."
    private static let more = "(Shortened; describe_tool with name \"instructions\" has all of it.)"

    /// Sentences with these say what to do and when.
    private static let steering = [
        "must", "always", "never", "do not", "don't", "should", "before", "first", "important", "prefer", "use ",
        "when ", "only ", "avoid", "instead",
    ]

    public static func of(_ text: String) -> String {
        guard !text.isEmpty else { return flow }
        guard text.utf8.count > untouched else { return "\(text)\n\n\(flow)" }
        return "\(shortened(text))\n\(more)\n\n\(flow)"
    }

    /// The beginning, then what steers of the rest, in the text's order.
    private static func shortened(_ text: String) -> String {
        let sentences = sentences(of: text)
        var chosen: Set<Int> = []
        var room = kept
        func take(_ index: Int) {
            let size = sentences[index].utf8.count + 1
            guard size <= room, chosen.insert(index).inserted else { return }
            room -= size
        }
        var opening = 0
        for index in sentences.indices {
            opening += sentences[index].utf8.count + 1
            if opening > untouched, index > 0 { break }
            take(index)
        }
        for index in sentences.indices where steers(sentences[index]) { take(index) }
        guard !chosen.isEmpty else { return cut(text, at: kept) }
        return chosen.sorted().map { sentences[$0] }.joined(separator: "\n")
    }

    private static func steers(_ sentence: String) -> Bool {
        let lower = sentence.lowercased()
        return steering.contains { lower.contains($0) }
    }

    private static func sentences(of text: String) -> [String] {
        var sentences: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            var sentence = ""
            for word in line.split(separator: " ") {
                sentence += sentence.isEmpty ? String(word) : " \(word)"
                if word.hasSuffix("."), sentence.count > 40 {
                    sentences.append(sentence)
                    sentence = ""
                }
            }
            if !sentence.isEmpty { sentences.append(sentence) }
        }
        return sentences
    }

    /// The beginning of a text without a sentence that would fit.
    private static func cut(_ text: String, at limit: Int) -> String {
        var size = 0
        return String(
            text.prefix {
                size += $0.utf8.count
                return size < limit
            }) + "…"
    }
}
