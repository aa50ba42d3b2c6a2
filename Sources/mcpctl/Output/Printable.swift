// SPDX-License-Identifier: Apache-2.0

/// A text from elsewhere as it may stand on a terminal: a log line or a client's name could hold escape sequences
/// that move the cursor or set the title, or marks that turn the direction of writing. Tabs and line ends stay.
func printable(_ text: String) -> String {
    let isHarmless: (Unicode.Scalar) -> Bool = { scalar in
        switch scalar.value {
        case 0x09, 0x0A: true
        case 0..<0x20, 0x7F..<0xA0: false
        case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
    guard !text.unicodeScalars.allSatisfy(isHarmless) else { return text }
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        cleaned.append(isHarmless(scalar) ? scalar : "?")
    }
    return String(cleaned)
}
