// SPDX-License-Identifier: Apache-2.0

/// Words inside of names such as `getHTTPHeaders_v2`: get, HTTP, Headers, v, 2.
enum Identifier {
    /// The words of a name with spaces between them.
    static func spaced(_ name: String) -> String {
        var words: [String] = []
        forEachWord(of: name) { words.append(String(decoding: $0, as: UTF8.self)) }
        return words.joined(separator: " ")
    }

    /// Calls with each word: a run of digits, of small letters with the capital in front, or of capitals. What is neither
    /// letter nor digit in ASCII separates.
    static func forEachWord(of text: String, _ body: (ArraySlice<UInt8>) -> Void) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = endOfWord(bytes, from: start)
            if end > start { body(bytes[start..<end]) }
            start = max(end, start + 1)
        }
    }

    private enum Kind {
        case small, capital, digit, other

        init(_ byte: UInt8) {
            switch byte {
            // Letters of other scripts, too: their words are whatever stands together.
            case UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...: self = .small
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .capital
            case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .digit
            default: self = .other
            }
        }
    }

    private static func endOfWord(_ bytes: [UInt8], from start: Int) -> Int {
        let first = Kind(bytes[start])
        var end = start
        func run(_ kind: Kind) { while end < bytes.count, Kind(bytes[end]) == kind { end += 1 } }
        switch first {
        case .other: break
        case .small, .digit: run(first)
        case .capital:
            run(.capital)
            guard end < bytes.count, Kind(bytes[end]) == .small else { break }
            // The last capital begins the next word, unless it is the only one.
            if end - start > 1 { end -= 1 } else { run(.small) }
        }
        return end
    }
}
