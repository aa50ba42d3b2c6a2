// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// A string's bytes with the escapes resolved. A surrogate without its pair becomes U+FFFD.
    mutating func readString() throws(JSONError) -> [UInt8] {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while true {
            let byte = try take()
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): try readEscape(into: &text)
            case 0..<0x20: throw error
            default: text.append(byte)
            }
        }
    }

    private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
        switch try take() {
        case UInt8(ascii: "\""): text.append(0x22)
        case UInt8(ascii: "\\"): text.append(0x5c)
        case UInt8(ascii: "/"): text.append(0x2f)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try readUnicodeEscape(into: &text)
        default: throw error
        }
    }

    private mutating func readUnicodeEscape(into text: inout [UInt8]) throws(JSONError) {
        var unit = try readHex()
        while (0xd800...0xdbff).contains(unit), next == UInt8(ascii: "\\") {
            let attempt = self
            _ = try take()
            guard try take() == UInt8(ascii: "u") else {
                self = attempt
                break
            }
            let low = try readHex()
            if (0xdc00...0xdfff).contains(low) {
                append(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00), to: &text)
                return
            }
            append(unit, to: &text)
            unit = low
        }
        append(unit, to: &text)
    }

    private mutating func readHex() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = try take()
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw error
            }
        }
        return value
    }

    private func append(_ value: UInt32, to text: inout [UInt8]) {
        let scalar = Unicode.Scalar(value) ?? "\u{fffd}"
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
