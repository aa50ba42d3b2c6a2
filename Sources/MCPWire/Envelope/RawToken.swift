// SPDX-License-Identifier: Apache-2.0

/// A JSON token kept as the bytes it was written in: ids and progress tokens, which must come back exactly.
///
/// Up to 40 bytes (a quoted UUID has 38) lie inline; so a request costs no allocation.
public struct RawToken: Sendable {
    private static let inlineCapacity = 40

    private var words = InlineArray<5, UInt64>(repeating: 0)
    private var count: UInt8 = 0
    /// The whole token, when it is longer than what lies inline.
    private var long: [UInt8]?

    public init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard range.count <= Self.inlineCapacity else {
            var copy: [UInt8] = []
            copy.append(bytes, range)
            long = copy
            return
        }
        count = UInt8(range.count)
        for index in 0..<5 where index * 8 < range.count {
            words[index] = packedWord(bytes, from: range.lowerBound + index * 8, count: range.count - index * 8)
        }
    }

    public init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, 0..<bytes.count)
    }

    /// Appends the token as it was written.
    public func write(to output: inout [UInt8]) {
        if let long { return output.append(contentsOf: long) }
        output.append(words, count: Int(count))
    }

    public var text: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension RawToken: Hashable {
    public static func == (left: RawToken, right: RawToken) -> Bool {
        guard left.count == right.count, left.long == right.long else { return false }
        for index in 0..<5 where left.words[index] != right.words[index] { return false }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        if let long { return hasher.combine(long) }
        hasher.combine(words[0])
        // Counters end in the first word; hashing the rest of them would only cost time.
        guard count > 8 else { return }
        for index in 1..<5 { hasher.combine(words[index]) }
    }
}

extension RawToken: Codable {
    public init(from decoder: any Decoder) throws {
        let bytes = try [UInt8](from: decoder)
        self.init(bytes.span, 0..<bytes.count)
    }

    public func encode(to encoder: any Encoder) throws {
        var bytes: [UInt8] = []
        write(to: &bytes)
        try bytes.encode(to: encoder)
    }
}

extension RawToken {
    /// Its text without quotation marks and escapes: there are clients that cancel `"7"` when they mean `7`
    /// (protocol.md §2.3).
    public var plainText: String {
        let text = text
        guard text.hasPrefix("\"") else { return text }
        return (try? JSONValue(parsing: text))?.stringValue ?? text
    }

    /// Which of some ids is meant: the very same, or one with the same text.
    public static func place(of id: RawToken, among ids: [RawToken]) -> Int? {
        if let exact = ids.firstIndex(of: id) { return exact }
        let wanted = id.plainText
        return ids.firstIndex { $0.plainText == wanted }
    }
}
