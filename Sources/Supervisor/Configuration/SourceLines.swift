// SPDX-License-Identifier: Apache-2.0

/// Finds the line on which a key of a TOML file stands; the parser does not tell for keys that it accepts.
struct SourceLines {
    private let lines: [Substring]

    init(_ text: String) {
        // CR and LF together are one character here.
        lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    /// The line, counted from 1, of `key` in the table with this path; the nearest sign of it where the file writes
    /// the table in another form, as an inline table or over several lines.
    func line(of key: String, in path: [String]) -> Int? {
        var header: [String] = []
        var inside: Int?
        var loose: Int?
        for (index, line) in lines.enumerated() {
            let text = line.drop { $0 == " " || $0 == "\t" }
            guard let first = text.first, first != "#" else { continue }
            if first == "[", let name = SourceLines.header(text) {
                header = name
                if header == path + [key] { return index + 1 }
                continue
            }
            if let written = SourceLines.key(text) {
                let full = header + written
                if full == path + [key] { return index + 1 }
                // `serena = { bogus = 1 }`: the line of a table on the way, with the key behind its sign.
                let isOnTheWay = full.count <= path.count && path.starts(with: full)
                if inside == nil, isOnTheWay, SourceLines.assigns(key, in: text) { inside = index + 1 }
            }
            if loose == nil, SourceLines.assigns(key, in: text) { loose = index + 1 }
        }
        return inside ?? loose
    }

    /// The name in `[a."b.c"]`; `nil` for the lines of a list, which begin with a bracket too.
    private static func header(_ text: Substring) -> [String]? {
        let (parts, rest) = names(in: text.drop { $0 == "[" }, until: "]")
        let after = rest.drop { "] \t".contains($0) }
        return !rest.isEmpty && (after.isEmpty || after.first == "#") ? parts : nil
    }

    /// The key before the sign of `a."b.c" = …`; `nil` where there is no sign.
    private static func key(_ text: Substring) -> [String]? {
        let (parts, rest) = names(in: text, until: "=")
        return rest.isEmpty ? nil : parts
    }

    /// The parts of a dotted key, quotes removed, and what follows from the ending character on.
    private static func names(in text: Substring, until end: Character) -> ([String], Substring) {
        var parts: [String] = []
        var part = ""
        var quote: Character?
        var rest = text
        while let character = rest.first {
            if let open = quote {
                if character == open { quote = nil } else { part.append(character) }
            } else if character == end {
                break
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "." {
                parts.append(part)
                part = ""
            } else if character != " ", character != "\t" {
                part.append(character)
            }
            rest = rest.dropFirst()
        }
        return (parts + [part], rest)
    }

    /// Whether `key =` stands in the line, as a whole word.
    private static func assigns(_ key: String, in text: Substring) -> Bool {
        text.split(separator: "=").dropLast().contains { before in
            let word = before.reversed().drop { " \t\"'".contains($0) }.prefix { !" \t\"'{,.".contains($0) }
            return String(word.reversed()) == key
        }
    }
}
