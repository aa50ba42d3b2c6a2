// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// Past a string, number or word.
    mutating func skipScalar(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONKind {
        switch try peek(bytes) {
        case UInt8(ascii: "\""):
            _ = try skipString(bytes)
            return .string
        case UInt8(ascii: "t"):
            try skipWord(bytes, 0x6575_7274, 4)
            return .bool
        case UInt8(ascii: "f"):
            try skipWord(bytes, 0x65_736C_6166, 5)
            return .bool
        case UInt8(ascii: "n"):
            try skipWord(bytes, 0x6C6C_756E, 4)
            return .null
        default:
            return try skipNumber(bytes)
        }
    }

    /// Past a string, from its opening mark; returns whether it has escapes.
    @inline(always)
    mutating func skipString(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        offset &+= 1
        var isEscaped = false
        while true {
            offset = endOfPlainText(bytes, from: offset)
            let byte = try peek(bytes)
            if byte == UInt8(ascii: "\"") {
                offset &+= 1
                return isEscaped
            }
            guard byte == UInt8(ascii: "\\") else { throw failure("a control character in a string") }
            isEscaped = true
            try skipEscape(bytes)
        }
    }

    @inline(always)
    private mutating func skipEscape(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        offset &+= 1
        switch try peek(bytes) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset &+= 1
        case UInt8(ascii: "u"):
            offset &+= 1
            for _ in 0..<4 {
                guard hexDigit(try peek(bytes)) != nil else {
                    throw failure("four hexadecimal digits were expected")
                }
                offset &+= 1
            }
        default: throw failure("an unknown escape")
        }
    }

    /// - Parameter word: the bytes of `true`, `false` or `null`, first byte lowest.
    private mutating func skipWord(_ bytes: Span<UInt8>, _ word: UInt64, _ count: Int)
        throws(JSONSyntaxError)
    {
        guard offset + count <= bytes.count, packedWord(bytes, from: offset, count: count) == word
        else {
            throw failure("a value was expected")
        }
        offset += count
    }

    @inline(always)
    mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONKind {
        var kind = JSONKind.integer
        if try peek(bytes) == UInt8(ascii: "-") { offset &+= 1 }
        if try peek(bytes) == UInt8(ascii: "0") { offset &+= 1 } else { try skipDigits(bytes) }
        if offset < bytes.count, byteInside(bytes, offset) == UInt8(ascii: ".") {
            kind = .otherNumber
            offset &+= 1
            try skipDigits(bytes)
        }
        if offset < bytes.count, byteInside(bytes, offset) | 0x20 == UInt8(ascii: "e") {
            kind = .otherNumber
            offset &+= 1
            let sign = try peek(bytes)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset &+= 1 }
            try skipDigits(bytes)
        }
        return kind
    }

    @inline(always)
    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        let start = offset
        while offset < bytes.count, byteInside(bytes, offset) &- UInt8(ascii: "0") < 10 { offset &+= 1 }
        guard offset > start else { throw failure("a value was expected") }
    }
}
