// SPDX-License-Identifier: Apache-2.0

/// A text that is another one only when each byte of its UTF-8 is the same.
///
/// To String, "é" as one scalar and as two are equal (canonical equivalence, Unicode Standard Annex 15). To Linux they are
/// two files, and to MCP two URIs.
public struct ExactText: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// The text of a string token (quotation marks included), unescaped; nil for any other token.
    public init?(token range: Range<Int>, of bytes: Span<UInt8>) {
        guard let text = String(token: range, of: bytes) else { return nil }
        self.text = text
    }

    public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    public static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    public var description: String { text }
}
