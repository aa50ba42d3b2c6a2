// SPDX-License-Identifier: Apache-2.0

// The one file of this module with `unsafe`: messages of many megabytes pass through the scanner and the arena, and the
// checked ways there go byte by byte. Every offset is compared with the span's count before it is used unchecked.

/// The distance from `offset` to the first quotation mark, backslash or control character, or to the end of `bytes`.
@inline(__always)
func endOfPlainText(_ bytes: Span<UInt8>, from offset: Int) -> Int {
    let raw = unsafe bytes.bytes
    var place = offset
    while place &+ 8 <= raw.byteCount {
        let word = UInt64(
            littleEndian: unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt64.self))
        // A byte is flagged in its highest bit. Borrows flag wrongly only above a right one, so the lowest is right.
        let quotes = word ^ repeated(UInt8(ascii: "\""))
        let backslashes = word ^ repeated(UInt8(ascii: "\\"))
        let flags =
            ((quotes &- repeated(0x01)) & ~quotes) | ((backslashes &- repeated(0x01)) & ~backslashes)
            | ((word &- repeated(0x20)) & ~word)
        let found = flags & repeated(0x80)
        if found != 0 { return place &+ found.trailingZeroBitCount / 8 }
        place &+= 8
    }
    while place < bytes.count, !endsPlainText(byteInside(bytes, place)) { place &+= 1 }
    return place
}

/// The byte at an offset that was compared with the count just before; never a negative one.
@inline(__always)
func byteInside(_ bytes: Span<UInt8>, _ offset: Int) -> UInt8 { unsafe bytes[unchecked: offset] }

@inline(__always)
private func endsPlainText(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
}

@inline(__always)
private func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// The place of the first `byte` at or behind `offset`, or nil.
func firstPlace(of byte: UInt8, in bytes: Span<UInt8>, from offset: Int) -> Int? {
    let raw = unsafe bytes.bytes
    var place = offset
    while place &+ 8 <= raw.byteCount {
        let word = UInt64(
            littleEndian: unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt64.self))
        let difference = word ^ repeated(byte)
        let found = (difference &- repeated(0x01)) & ~difference & repeated(0x80)
        if found != 0 { return place &+ found.trailingZeroBitCount / 8 }
        place &+= 8
    }
    while place < bytes.count {
        if bytes[place] == byte { return place }
        place &+= 1
    }
    return nil
}

/// Up to eight bytes from `offset` as a little-endian word, zero behind the end.
@inline(__always)
func packedWord(_ bytes: Span<UInt8>, from offset: Int, count: Int) -> UInt64 {
    guard count > 0 else { return 0 }
    let raw = unsafe bytes.bytes
    if offset &+ 8 <= raw.byteCount {
        let word = UInt64(
            littleEndian: unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
        )
        return count >= 8 ? word : word & ((1 &<< UInt64(count &* 8)) &- 1)
    }
    var word: UInt64 = 0
    for index in 0..<min(count, 8) { word |= UInt64(bytes[offset + index]) &<< UInt64(index &* 8) }
    return word
}

/// The same of a literal.
@inline(__always)
func packedWord(_ text: StaticString, from offset: Int) -> UInt64 {
    var word: UInt64 = 0
    var index = offset
    while index < min(offset &+ 8, text.utf8CodeUnitCount) {
        word |= unsafe UInt64(text.utf8Start[index]) &<< UInt64((index &- offset) &* 8)
        index &+= 1
    }
    return word
}

extension Array where Element == UInt8 {
    /// Appends the first `count` bytes of words that ``packedWord(_:from:count:)`` made.
    mutating func append(_ words: InlineArray<5, UInt64>, count: Int) {
        let ordered = InlineArray<5, UInt64> { words[$0].littleEndian }
        let bytes = ordered.span
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    /// Appends the bytes in one copy.
    public mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends a part of the bytes in one copy.
    public mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        append(bytes.extracting(range))
    }
}
