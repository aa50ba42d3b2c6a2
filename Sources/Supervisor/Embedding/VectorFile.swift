// SPDX-License-Identifier: Apache-2.0

import ToolSearch

/// What is kept of one server's document vectors: bytes, and what they say.
///
/// Magic (8 bytes); the number of entries (32 bits, little-endian); entries of 16 bytes of key, a 32-bit float and a
/// signed byte for each number; then 64 bits of FNV-1a over all before. Newest entries first.
struct VectorFile: Equatable {
    private static let magic = Array("MCPVECT1".utf8)
    private static let header = 12
    private static let entrySize = VectorKey.size + 4 + EncoderProcess.width
    /// Entries beyond are forgotten, the oldest first.
    static let capacity = 2048

    private(set) var entries: [VectorKey: NarrowVector] = [:]
    private var order: [VectorKey] = []

    init() {}

    /// - Returns: `nil` when the bytes are not what ``bytes`` made, to the last one.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= VectorFile.header + 8, bytes.starts(with: VectorFile.magic) else { return nil }
        let count = Int(UInt32(littleEndian: bytes[8..<12]))
        guard count <= VectorFile.capacity, bytes.count == VectorFile.header + count * VectorFile.entrySize + 8,
            VectorFile.sum(bytes.dropLast(8)) == UInt64(littleEndian: bytes.suffix(8))
        else { return nil }
        for index in 0..<count {
            let entry = bytes[(VectorFile.header + index * VectorFile.entrySize)...].prefix(VectorFile.entrySize)
            add(NarrowVector(entry.dropFirst(VectorKey.size)), for: VectorKey(entry.prefix(VectorKey.size)))
        }
    }

    /// Puts an entry behind those there are.
    mutating func add(_ vector: NarrowVector, for key: VectorKey) {
        guard entries.count < VectorFile.capacity, entries.updateValue(vector, forKey: key) == nil else { return }
        order.append(key)
    }

    /// Puts all of another file's behind those there are, as far as there is room.
    mutating func add(_ older: VectorFile) {
        for key in older.order { if let vector = older.entries[key] { add(vector, for: key) } }
    }

    var bytes: [UInt8] {
        var bytes = VectorFile.magic + UInt32(order.count).littleEndianBytes
        bytes.reserveCapacity(VectorFile.header + order.count * VectorFile.entrySize + 8)
        for key in order {
            guard let vector = entries[key] else { continue }
            bytes += key.bytes
            bytes += vector.scale.bitPattern.littleEndianBytes
            for number in vector.numbers { bytes.append(UInt8(bitPattern: number)) }
        }
        return bytes + VectorFile.sum(bytes[...]).littleEndianBytes
    }

    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}

/// What a document's vector depends on, as 128 bits of SHA-256: the model, the form of the texts, the texts.
struct VectorKey: Hashable {
    static let size = 16
    /// To be raised when vectors are put together from the texts in another way.
    private static let form: UInt32 = 1

    let bytes: [UInt8]

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

    init(model: UInt64, texts: [String]) {
        var hash = SHA256()
        hash.update(model.littleEndianBytes + VectorKey.form.littleEndianBytes)
        for text in texts { hash.update(UInt32(clamping: text.utf8.count).littleEndianBytes + Array(text.utf8)) }
        let digits = Array(hash.finish().utf8.prefix(2 * VectorKey.size))
        bytes = stride(from: 0, to: digits.count, by: 2).map {
            VectorKey.value(digits[$0]) << 4 | VectorKey.value(digits[$0 + 1])
        }
    }

    private static func value(_ digit: UInt8) -> UInt8 {
        digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
    }
}

extension NarrowVector {
    fileprivate init(_ entry: ArraySlice<UInt8>) {
        self.init(
            scale: Float(bitPattern: UInt32(littleEndian: entry.prefix(4))),
            numbers: entry.dropFirst(4).map { Int8(bitPattern: $0) })
    }
}

extension FixedWidthInteger {
    fileprivate init(littleEndian bytes: ArraySlice<UInt8>) {
        self = bytes.reversed().reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
    }

    fileprivate var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
    }
}
