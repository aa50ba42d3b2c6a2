// SPDX-License-Identifier: Apache-2.0

/// A text from elsewhere as it may stand on a terminal: a log line or a client's name could hold escape sequences
/// that move the cursor or set the title. Tabs and line ends stay.
func printable(_ text: String) -> String {
    let isHarmless: (Unicode.Scalar) -> Bool = { scalar in
        switch scalar.value {
        case 0x09, 0x0A: true
        case 0..<0x20, 0x7F..<0xA0: false
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
