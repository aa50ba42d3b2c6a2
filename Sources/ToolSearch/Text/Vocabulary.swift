// SPDX-License-Identifier: Apache-2.0

/// The pieces of words that a model knows, each with its number: the place of its line.
///
/// A piece that continues a word begins with `##`. Takes about 15 bytes a piece beside the text itself.
public struct Vocabulary: Sendable {
    private let text: [UInt8]
    /// Where each piece begins; one more at the end. The line feed belongs to none.
    private let offsets: [UInt32]
    /// An open table of piece numbers plus one, by hash.
    private let slots: [UInt16]
    /// Bytes of the longest piece, without `##`.
    let longest: Int

    /// - Parameter lines: UTF-8, one piece a line, the last line feed optional.
    /// - Throws: ``VocabularyError`` when there is no piece, or more than numbers of 16 bits can name.
    public init(lines: [UInt8]) throws(VocabularyError) {
        text = lines
        offsets = Vocabulary.offsets(of: lines)
        let count = offsets.count - 1
        guard count > 0 else { throw .empty }
        guard count < Int(UInt16.max) else { throw .tooLarge(count) }
        var capacity = 1
        while capacity < 2 * count { capacity *= 2 }
        var slots = [UInt16](repeating: 0, count: capacity)
        var longest = 0
        for id in 0..<count {
            let piece = lines[Int(offsets[id])..<Int(offsets[id + 1]) - 1]
            var hash = PieceHash()
            for byte in piece { hash.add(byte) }
            var slot = hash.slot(of: capacity)
            while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = UInt16(id + 1)
            longest = max(longest, piece.count)
        }
        self.slots = slots
        self.longest = longest
    }

    private static func offsets(of lines: [UInt8]) -> [UInt32] {
        var offsets: [UInt32] = [0]
        for (index, byte) in lines.enumerated() where byte == UInt8(ascii: "\n") { offsets.append(UInt32(index + 1)) }
        if let last = lines.last, last != UInt8(ascii: "\n") { offsets.append(UInt32(lines.count + 1)) }
        return offsets
    }

    /// How many pieces there are; their numbers begin at zero.
    public var count: Int { offsets.count - 1 }

    /// The number of a whole piece, such as `[UNK]`.
    public func id(of piece: String) -> Int? {
        let bytes = Array(piece.utf8)
        var hash = PieceHash()
        for byte in bytes { hash.add(byte) }
        return id(hash, of: bytes[...], continuing: false)
    }

    /// The number and the length in bytes of the longest piece that `word` goes on with.
    func longestPiece(of word: ArraySlice<UInt8>, continuing: Bool) -> (id: Int, length: Int)? {
        var hash = PieceHash()
        if continuing { for byte in Vocabulary.continuation { hash.add(byte) } }
        var best: (id: Int, length: Int)?
        for end in word.indices.prefix(longest) {
            hash.add(word[end])
            if let id = id(hash, of: word[word.startIndex...end], continuing: continuing) {
                best = (id, end - word.startIndex + 1)
            }
        }
        return best
    }

    private static let continuation = Array("##".utf8)

    private func id(_ hash: PieceHash, of bytes: ArraySlice<UInt8>, continuing: Bool) -> Int? {
        var slot = hash.slot(of: slots.count)
        while slots[slot] != 0 {
            let id = Int(slots[slot]) - 1
            var piece = text[Int(offsets[id])..<Int(offsets[id + 1]) - 1]
            if continuing { piece = piece.starts(with: Vocabulary.continuation) ? piece.dropFirst(2) : [] }
            if piece.elementsEqual(bytes) { return id }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}

/// FNV-1a, 32 bits.
private struct PieceHash {
    private var value: UInt32 = 2_166_136_261

    mutating func add(_ byte: UInt8) { value = (value ^ UInt32(byte)) &* 16_777_619 }

    func slot(of capacity: Int) -> Int { Int(value ^ value >> 15) & (capacity - 1) }
}

/// Why a vocabulary cannot be used.
public enum VocabularyError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooLarge(Int)

    public var description: String {
        switch self {
        case .empty: "the vocabulary has no line"
        case .tooLarge(let count): "the vocabulary has \(count) lines; 65534 is the most"
        }
    }
}
