// SPDX-License-Identifier: Apache-2.0

internal import CEmbedding

/// The first 64 bytes of an engine file: the shape of the model. Numbers are little-endian.
///
/// Magic (8 bytes); then 32 bits each for version, width, layers, heads, inner width, pieces, positions, and bytes of the
/// vocabulary; then 64 bits of checksum over what follows the header. The rest is zero.
struct EngineHeader: Equatable, Sendable {
    static let size = 64
    static let magic = Array("MCPMODEL".utf8)
    static let version: UInt32 = 1

    /// Floats of a token's vector.
    let width: Int
    let layers: Int
    let heads: Int
    /// Floats between the two halves of a layer's second part.
    let inner: Int
    let pieces: Int
    /// The most tokens of a text.
    let positions: Int
    let vocabularyBytes: Int
    let checksum: UInt64

    /// - Parameter bytes: at least the header.
    init(_ bytes: [UInt8]) throws(EngineError) {
        guard bytes.count >= EngineHeader.size, bytes.starts(with: EngineHeader.magic) else { throw .notAnEngine }
        func word(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[8 + 4 * index + $1]) << (8 * UInt32($1)) }
        }
        guard word(0) == EngineHeader.version else { throw .version(word(0)) }
        func number(_ index: Int, _ name: String, _ range: ClosedRange<UInt32>, step: UInt32 = 1) throws(EngineError)
            -> Int
        {
            let value = word(index)
            guard range.contains(value), value % step == 0 else { throw .impossible(name, value) }
            return Int(value)
        }
        let group = UInt32(CEMBEDDING_GROUP)
        let widest = UInt32(CEMBEDDING_WIDEST)
        width = try number(1, "the width", group...widest, step: group)
        layers = try number(2, "the number of layers", 1...64)
        heads = try number(3, "the number of heads", 1...UInt32(width / 8))
        // Each head has whole vectors of eight floats.
        guard width % (8 * heads) == 0 else { throw .impossible("the number of heads", word(3)) }
        inner = try number(4, "the inner width", group...widest, step: group)
        pieces = try number(5, "the number of pieces", 1...65_534)
        positions = try number(6, "the number of positions", 3...UInt32(CEMBEDDING_LONGEST))
        vocabularyBytes = try number(7, "the vocabulary's size", 1...(1 << 24))
        checksum = UInt64(word(8)) | UInt64(word(9)) << 32
    }
}
