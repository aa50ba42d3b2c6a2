// SPDX-License-Identifier: Apache-2.0

/// The checksum of zlib and of PNG (CRC-32 of ISO 3309), against damage, not against intent.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let table = CRC32.table.span
        var value = UInt32.max
        for place in 0..<bytes.count {
            let byte = unsafe bytes[place]
            value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
        }
        return ~value
    }
}

extension TokenTable {
    /// What the file beside a table, with `.crc32` behind its name, holds in eight hexadecimal digits.
    public static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 { unsafe CRC32.of(bytes) }
}
