// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// The number's text, checked against the grammar: no leading zeros, no bare point, no plus sign in front.
    mutating func parseNumber(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> String {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        if try peek(bytes) == UInt8(ascii: "0") { offset += 1 } else { try digits(bytes) }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            try digits(bytes)
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            let sign = try peek(bytes)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
            try digits(bytes)
        }
        return decoded(bytes, start..<offset)
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        let start = offset
        while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
        guard offset > start else { throw failure("a digit was expected") }
    }

    /// The string behind the quotation mark at `offset`, unescaped.
    mutating func parseString(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> String {
        offset += 1
        var start = offset
        var text: [UInt8] = []
        while true {
            let byte = try peek(bytes)
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            if byte == UInt8(ascii: "\"") {
                defer { offset += 1 }
                guard !text.isEmpty else { return decoded(bytes, start..<offset) }
                append(bytes, start..<offset, to: &text)
                return String(decoding: text, as: UTF8.self)
            }
            guard byte == UInt8(ascii: "\\") else {
                offset += 1
                continue
            }
            append(bytes, start..<offset, to: &text)
            offset += 1
            try unescape(bytes, to: &text)
            start = offset
        }
    }

    private mutating func unescape(_ bytes: Span<UInt8>, to text: inout [UInt8])
        throws(JSONSyntaxError)
    {
        let byte = try peek(bytes)
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            offset += 1
            let scalar = try unicodeEscape(bytes)
            for unit in String(Character(scalar)).utf8 { text.append(unit) }
            return
        default: throw failure("an unknown escape")
        }
        offset += 1
    }

    /// JavaScript servers emit lone surrogates; Swift strings cannot hold one, so it becomes U+FFFD.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONSyntaxError)
        -> Unicode.Scalar
    {
        let first = try hexQuad(bytes)
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let behindFirst = offset
        offset += 2
        let second = try hexQuad(bytes)
        guard (0xDC00..<0xE000).contains(second) else {
            offset = behindFirst
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hexQuad(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigit(try peek(bytes)) else {
                throw failure("four hexadecimal digits were expected")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    private func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to text: inout [UInt8]) {
        for index in range { text.append(bytes[index]) }
    }

    private func decoded(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(repairing: bytes.extracting(range))
    }
}

extension String {
    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    public init(repairing bytes: Span<UInt8>) {
        if let valid = try? UTF8Span(validating: bytes) {
            self.init(copying: valid)
        } else {
            let copy = [UInt8](capacity: bytes.count) { output in
                for index in bytes.indices { output.append(bytes[index]) }
            }
            self.init(decoding: copy, as: UTF8.self)
        }
    }
}

/// The value of a hexadecimal digit, or nil.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
