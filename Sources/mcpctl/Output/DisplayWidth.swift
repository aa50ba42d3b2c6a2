// SPDX-License-Identifier: Apache-2.0

/// How many columns a text takes on a terminal.
enum DisplayWidth {
    /// Characters that take two (East Asian wide and full width, Unicode's annex 11, and emoji), in blocks.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
        0x20000...0x3FFFD,
    ]

    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + of($1) }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: 0
        default: wide.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }

    /// A text cut to at most `columns`, with `…` where something is missing: at its end, or at its beginning.
    static func clipped(_ text: String, to columns: Int, atStart: Bool = false) -> String {
        guard of(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var kept: [Character] = []
        var used = 1
        for character in atStart ? Array(text.reversed()) : Array(text) {
            used += of(String(character))
            if used > columns { break }
            kept.append(character)
        }
        return atStart ? "…" + String(kept.reversed()) : String(kept) + "…"
    }
}
