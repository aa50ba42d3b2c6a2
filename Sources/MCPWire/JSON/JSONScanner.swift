// SPDX-License-Identifier: Apache-2.0

/// What a value is, seen from its first byte (and, for numbers, its form).
public enum JSONKind: UInt8, Sendable {
    case object, array, string, bool, null
    /// A number without fraction and exponent.
    case integer
    case otherNumber
}

/// Walks over JSON without decoding it, and refuses what is not JSON.
///
/// Strings, brackets, numbers and words are checked in full, so what was walked over may be copied as it is.
/// UTF-8 is not checked: relayed text passes as bytes.
public struct JSONScanner: Sendable {
    /// Deeper values are refused: deeper than any message in use and than what most parsers take.
    public static let maximumDepth = 1024

    public var offset: Int
    /// Whether a carriage return or line feed stood between tokens. Those must not leave: a line would end there.
    public private(set) var sawLineBreak = false

    public init(at offset: Int = 0) { self.offset = offset }

    @inline(__always)
    public mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while offset < bytes.count {
            let byte = byteInside(bytes, offset)
            guard byte <= 0x20, isJSONWhitespace(byte) else { return }
            if byte == 0x0A || byte == 0x0D { sawLineBreak = true }
            offset &+= 1
        }
    }

    @inline(__always)
    public func peek(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> UInt8 {
        guard offset < bytes.count else { throw failure("the text ends in the middle") }
        return byteInside(bytes, offset)
    }

    /// Skips white space and one value; returns where the value lies and what it is.
    public mutating func skipValue(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> (
        range: Range<Int>, kind: JSONKind
    ) {
        skipWhitespace(bytes)
        let start = offset
        let kind: JSONKind
        switch try peek(bytes) {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            kind = bytes[start] == UInt8(ascii: "{") ? .object : .array
            try skipContainer(bytes)
        default:
            kind = try skipScalar(bytes)
        }
        return (start..<offset, kind)
    }

    /// Skips white space, a member's name and the colon; returns the name without its marks and whether it has escapes.
    @inline(__always)
    public mutating func skipName(
        _ bytes: Span<UInt8>
    ) throws(JSONSyntaxError) -> (range: Range<Int>, isEscaped: Bool) {
        skipWhitespace(bytes)
        guard try peek(bytes) == UInt8(ascii: "\"") else { throw failure("a member name was expected") }
        let start = offset + 1
        let isEscaped = try skipString(bytes)
        let end = offset - 1
        skipWhitespace(bytes)
        guard try peek(bytes) == UInt8(ascii: ":") else { throw failure("':' was expected") }
        offset &+= 1
        return (start..<end, isEscaped)
    }

    /// Past an opening bracket; false when it is closed at once, and then past that, too.
    public mutating func opens(_ bytes: Span<UInt8>, _ open: UInt8, _ close: UInt8)
        throws(JSONSyntaxError) -> Bool
    {
        skipWhitespace(bytes)
        guard try peek(bytes) == open else { throw failure("an opening bracket was expected") }
        offset &+= 1
        skipWhitespace(bytes)
        guard try peek(bytes) == close else { return true }
        offset &+= 1
        return false
    }

    /// Past a comma: true; past the closing bracket: false.
    @inline(__always)
    public mutating func continues(_ bytes: Span<UInt8>, until close: UInt8) throws(JSONSyntaxError)
        -> Bool
    {
        skipWhitespace(bytes)
        let byte = try peek(bytes)
        guard byte == close || byte == UInt8(ascii: ",") else {
            throw failure("',' or a closing bracket was expected")
        }
        offset &+= 1
        return byte != close
    }

    @inline(always)
    func failure(_ reason: StaticString) -> JSONSyntaxError { Self.failure(reason, at: offset) }

    /// Out of line, so that the scanner itself stays in registers where nothing fails.
    @inline(never)
    private static func failure(_ reason: StaticString, at offset: Int) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset, reason: "\(reason)")
    }
}
