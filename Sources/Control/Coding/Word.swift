// SPDX-License-Identifier: Apache-2.0

/// A word of a vocabulary that the program at the other end may know more words of: during an upgrade mcpctl and the
/// supervisor are of different versions. What this version does not know is kept, and shown as it is.
public struct Word<Known: RawRepresentable & Sendable & Equatable>: Sendable, Equatable where Known.RawValue == String {
    /// As it is on the wire.
    public var text: String

    public init(_ known: Known) { text = known.rawValue }

    /// `nil` for a word of another version.
    public var known: Known? { Known(rawValue: text) }
}

extension Word: Codable {
    public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
