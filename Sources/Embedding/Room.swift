// SPDX-License-Identifier: Apache-2.0

/// The memory that the vectors of one text take while they are computed.
@safe final class Room {
    /// Tokens that go through the wide parts of a layer at a time: more would make no difference but for memory.
    static let block = 64

    /// The most tokens that there is room for.
    let capacity: Int
    /// The tokens' vectors.
    let vectors: UnsafeMutablePointer<Float>
    /// Query, key and value of all tokens; later the inner vectors of a block.
    let wide: UnsafeMutablePointer<Float>
    /// What a block's vectors get added.
    let addition: UnsafeMutablePointer<Float>

    init(_ header: EngineHeader, tokens: Int) {
        let block = min(tokens, Room.block)
        capacity = tokens
        unsafe vectors = Room.zeros(tokens * header.width)
        unsafe wide = Room.zeros(max(tokens * 3 * header.width, block * header.inner))
        unsafe addition = Room.zeros(block * header.width)
    }

    deinit {
        unsafe vectors.deallocate()
        unsafe wide.deallocate()
        unsafe addition.deallocate()
    }

    private static func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
        let start = UnsafeMutablePointer<Float>.allocate(capacity: count)
        unsafe start.initialize(repeating: 0, count: count)
        return unsafe start
    }
}
