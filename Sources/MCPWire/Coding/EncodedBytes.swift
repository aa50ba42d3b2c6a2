// SPDX-License-Identifier: Apache-2.0

/// Bytes as a JSON string: as they are where they are UTF-8, which messages nearly always are; else in hexadecimal.
///
/// An array of numbers would take five times the room and a thousand times the time.
struct EncodedBytes: Codable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let kind = text.utf8.first else {
            bytes = []
            return
        }
        let content = text.utf8.dropFirst()
        if kind == Self.text {
            bytes = Array(content)
            return
        }
        guard kind == Self.hexadecimal, let bytes = Self.bytes(content) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected bytes, found other text"))
        }
        self.bytes = bytes
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        guard !bytes.isEmpty else { return try container.encode("") }
        if let text = String(validating: bytes, as: UTF8.self) {
            try container.encode("=" + text)
        } else {
            try container.encode(String(decoding: [Self.hexadecimal] + bytes.flatMap(Self.digits), as: UTF8.self))
        }
    }

    private static let text = UInt8(ascii: "=")
    private static let hexadecimal = UInt8(ascii: "#")

    private static func digits(_ byte: UInt8) -> [UInt8] { [digit(byte >> 4), digit(byte & 15)] }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func bytes(_ digits: Substring.UTF8View) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            if let half = high {
                bytes.append(half << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return bytes
    }
}
