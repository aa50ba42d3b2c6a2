// SPDX-License-Identifier: Apache-2.0

import CPosix

/// JSON in the making. The caller sees to commas and brackets; this sees to strings.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    /// Text that is JSON already.
    mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(number: Int) {
        bytes.append(contentsOf: String(number).utf8)
    }

    /// A string; the bytes are UTF-8.
    mutating func append(string: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var plain = 0
        for (index, byte) in string.enumerated() where mustEscape(byte) {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: string[plain..<index]))
            append(escape: byte)
            plain = index + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: string[plain...]))
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string of hexadecimal digits, two a byte.
    mutating func append(hex: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for byte in hex {
            bytes.append(hexDigit(byte >> 4))
            bytes.append(hexDigit(byte & 15))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func end() {
        bytes.append(0)
    }

    /// RFC 8259, section 7: quotation mark, reverse solidus and everything below U+0020.
    private func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func append(escape byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        guard byte < 0x20 else {
            bytes.append(byte)
            return
        }
        bytes.append(contentsOf: "u00".utf8)
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 15))
    }

    private func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

/// The bytes of a C string without its NUL.
func bytes(of text: CString) -> UnsafeBufferPointer<UInt8> {
    let length = strlen(text)
    let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
    return UnsafeBufferPointer(start: start, count: length)
}
