// SPDX-License-Identifier: Apache-2.0

/// Paths as `file:` URLs (RFC 8089), as MCP's roots want them.
enum FileURL {
    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)

    static func text(ofPath path: String) -> String {
        var text = "file://"
        for byte in path.utf8 {
            if plain.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }

    /// The path of a `file:` URL; `nil` when it is none, or one on another machine.
    static func path(ofText text: String) -> String? {
        guard text.prefix(5).lowercased() == "file:" else { return nil }
        var rest = Substring(text.dropFirst(5))
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let host = rest.prefix { $0 != "/" }
            guard host.isEmpty || host == "localhost" else { return nil }
            rest = rest.dropFirst(host.count)
        }
        guard rest.first == "/" else { return nil }
        let bytes = decoded(rest)
        // A path ends at a NUL for the kernel: it would be another one.
        return bytes.contains(0) ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes, with `%XX` replaced; a `%` without two digits behind it stands for itself.
    private static func decoded(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hexadecimal.byte(rest.prefix(2)) {
                rest.removeFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}

/// Bytes written as hexadecimal digits.
enum Hexadecimal {
    /// The byte that two digits stand for. (The standard library's reading would take a sign for one.)
    static func byte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// The bytes of a whole text; `nil` when it holds anything else.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = byte(digits[start..<start + 2]) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
