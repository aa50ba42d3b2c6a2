// SPDX-License-Identifier: Apache-2.0

/// The word somebody probably meant.
public enum NearestWord {
    /// The candidate with the fewest edits to `word`, ignoring case; `nil` when that is more than a third of the
    /// word: a wild guess helps nobody.
    public static func to(_ word: String, among candidates: [String]) -> String? {
        let lowered = Array(word.lowercased())
        let ranked = candidates.map { (word: $0, edits: edits(lowered, Array($0.lowercased()))) }
        guard let best = ranked.min(by: { $0.edits < $1.edits }) else { return nil }
        return best.edits <= max(1, max(lowered.count, best.word.count) / 3) ? best.word : nil
    }

    /// Levenshtein's distance, one row at a time.
    private static func edits(_ first: [Character], _ second: [Character]) -> Int {
        var row = Array(0...second.count)
        for (line, character) in first.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in second.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}
