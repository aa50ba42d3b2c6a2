// SPDX-License-Identifier: Apache-2.0

/// One small vector a token, trained so that a text's sum is near to what MiniLM makes of the text; and the projection
/// that brings MiniLM's own vectors into the same space.
///
/// The file (little-endian): `1BTS`; dimensions, rows and bytes of the vocabulary as 32-bit numbers; a 32-bit float a
/// row, its scale; rows × dimensions bytes, signed; 384 × dimensions 32-bit floats, the projection; the vocabulary,
/// a token a line. It is read where it lies: pages that nobody looks at cost nothing, and all who map it share them.
@safe public struct TokenTable {
    /// Of a text's vector.
    public static let dimensions = 256
    /// Of a sentence vector of MiniLM.
    public static let sentenceDimensions = 384
    private static let headerSize = 16
    /// What a file of ours has at most; more is damage.
    private static let mostRows = 65_000

    private let bytes: UnsafeRawBufferPointer
    /// Keeps the bytes where they are.
    private let owner: AnyObject
    private let pieces: WordPiece
    private let scales: Int
    private let rows: Int
    private let projection: Int
    public let count: Int

    /// - Parameters:
    ///   - bytes: the whole file, at an address that divides by four.
    ///   - owner: whoever keeps the bytes in place; held for as long as the table is.
    /// - Throws: ``TokenTableError``: what about the file is not as it must be.
    public init(bytes: UnsafeRawBufferPointer, owner: AnyObject) throws(TokenTableError) {
        guard bytes.count >= TokenTable.headerSize else { throw .tooShort(bytes.count) }
        func number(_ offset: Int) -> Int {
            Int(UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        guard unsafe bytes.prefix(4).elementsEqual("1BTS".utf8) else { throw .noTable }
        guard number(4) == TokenTable.dimensions else { throw .dimensions(number(4)) }
        count = number(8)
        guard (1...TokenTable.mostRows).contains(count) else { throw .rows(count) }
        scales = TokenTable.headerSize
        rows = scales + 4 * count
        projection = rows + count * TokenTable.dimensions
        let words = projection + 4 * TokenTable.sentenceDimensions * TokenTable.dimensions
        guard bytes.count == words + number(12) else { throw .length(bytes.count, expected: words + number(12)) }
        let vocabulary: Vocabulary
        do throws(VocabularyError) {
            vocabulary = try Vocabulary(lines: unsafe Array(bytes[words...]))
        } catch {
            throw .vocabulary("\(error)")
        }
        guard vocabulary.count == count else {
            throw .vocabulary("it has \(vocabulary.count) tokens for \(count) rows")
        }
        pieces = WordPiece(vocabulary: vocabulary)
        unsafe self.bytes = bytes
        self.owner = owner
        guard hasSoundNumbers else { throw .numbers }
    }

    /// The scales and the projection are finite: one that is not would make every score so.
    private var hasSoundNumbers: Bool {
        let all =
            Array(0..<count).map { scales + 4 * $0 }
            + Array(0..<TokenTable.sentenceDimensions * TokenTable.dimensions)
            .map { projection + 4 * $0 }
        return all.allSatisfy { float(at: $0).magnitude < 1e6 }
    }

    private func float(at offset: Int) -> Float {
        Float(bitPattern: UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    /// The direction of a text: the normalised sum of its tokens' vectors; zero when no token of it is known.
    public func vector(of text: String) -> [Float] {
        var sum = [Float](repeating: 0, count: TokenTable.dimensions)
        var span = sum.mutableSpan
        for id in pieces.pieces(of: text) { addRow(id, to: &span) }
        normalise(&sum)
        return sum
    }

    /// Sixteen dimensions at a time. Inside: the rows were compared with the length when the table was opened.
    private func addRow(_ id: Int, to sum: inout MutableSpan<Float>) {
        let scale = float(at: scales + 4 * id)
        let row = rows + id * TokenTable.dimensions
        for offset in stride(from: 0, to: TokenTable.dimensions, by: 16) {
            let values = unsafe bytes.loadUnaligned(fromByteOffset: row + offset, as: SIMD16<Int8>.self)
            let scaled = SIMD16<Float>(values) * scale
            for index in 0..<16 { unsafe sum[unchecked: offset + index] += scaled[index] }
        }
    }

    /// A sentence vector of MiniLM in this table's space, normalised; nil when it has another length, or no
    /// direction.
    public func projected(_ sentence: [Float]) -> [Float]? {
        guard sentence.count == TokenTable.sentenceDimensions else { return nil }
        var result = [Float](repeating: 0, count: TokenTable.dimensions)
        for (row, value) in sentence.enumerated() {
            let start = projection + 4 * row * TokenTable.dimensions
            for index in 0..<TokenTable.dimensions { result[index] += value * float(at: start + 4 * index) }
        }
        normalise(&result)
        return result.allSatisfy(\.isFinite) && result.contains { $0 != 0 } ? result : nil
    }
}

/// Divides by the length; a vector without one stays as it is.
func normalise(_ vector: inout [Float]) {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 1e-9 else { return }
    for index in vector.indices { vector[index] /= length }
}

extension TokenTable {
    /// Keeps a copy of the bytes, for a file that is not mapped.
    public init(copying bytes: [UInt8]) throws(TokenTableError) {
        let copy = HeldBytes(bytes)
        unsafe try self.init(bytes: UnsafeRawBufferPointer(copy.buffer), owner: copy)
    }
}

/// Memory at a place of its own.
@safe private final class HeldBytes {
    let buffer: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        unsafe buffer = .allocate(byteCount: bytes.count, alignment: 16)
        unsafe buffer.copyBytes(from: bytes)
    }

    deinit { unsafe buffer.deallocate() }
}
