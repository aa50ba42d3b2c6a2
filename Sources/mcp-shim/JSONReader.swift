// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259) strictly, a member at a time; nothing is kept but what the caller asks for.
struct JSONReader {
    /// Objects and arrays inside each other; a reply of the supervisor has two.
    static let maximumDepth = 32

    let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Calls `member` with each key, when the reader stands before its value; `member` must read or skip it.
    mutating func readObject(
        _ member: (inout JSONReader, [UInt8]) throws(JSONError) -> Void
    ) throws(JSONError) {
        try readList(from: "{", to: "}") { reader throws(JSONError) in
            let key = try reader.readString()
            reader.skipSpace()
            try reader.expect(UInt8(ascii: ":"))
            reader.skipSpace()
            try member(&reader, key)
        }
    }

    mutating func readBool() throws(JSONError) -> Bool {
        if next == UInt8(ascii: "t") {
            try readWord("true")
            return true
        }
        try readWord("false")
        return false
    }

    /// A string's bytes, or nil for `null`.
    mutating func readOptionalString() throws(JSONError) -> [UInt8]? {
        guard next == UInt8(ascii: "n") else { return try readString() }
        try readWord("null")
        return nil
    }

    mutating func skipValue() throws(JSONError) {
        switch next {
        case UInt8(ascii: "{"): try readObject { reader, _ throws(JSONError) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try readList(from: "[", to: "]") { reader throws(JSONError) in try reader.skipValue() }
        case UInt8(ascii: "\""): _ = try readString()
        case UInt8(ascii: "t"): try readWord("true")
        case UInt8(ascii: "f"): try readWord("false")
        case UInt8(ascii: "n"): try readWord("null")
        default: try skipNumber()
        }
    }

    mutating func expectEnd() throws(JSONError) {
        skipSpace()
        guard next == nil else { throw error }
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func readList(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar,
        _ element: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect(UInt8(ascii: opening))
        depth += 1
        guard depth <= JSONReader.maximumDepth else { throw error }
        skipSpace()
        while next != UInt8(ascii: closing) {
            try element(&self)
            skipSpace()
            guard next != UInt8(ascii: closing) else { break }
            try expect(UInt8(ascii: ","))
            skipSpace()
            guard next != UInt8(ascii: closing) else { throw error }
        }
        position += 1
        depth -= 1
    }

    private mutating func skipNumber() throws(JSONError) {
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try skipDigits() }
        if next == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        guard next == UInt8(ascii: "e") || next == UInt8(ascii: "E") else { return }
        position += 1
        if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
        try skipDigits()
    }

    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw error }
    }

    private mutating func readWord(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount { try expect(word.utf8Start[index]) }
    }

    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard next == byte else { throw error }
        position += 1
    }

    mutating func take() throws(JSONError) -> UInt8 {
        guard let byte = next else { throw error }
        position += 1
        return byte
    }

    var error: JSONError { JSONError(offset: position) }
}

/// What was read is not JSON, from this byte on.
struct JSONError: Error {
    let offset: Int
}
