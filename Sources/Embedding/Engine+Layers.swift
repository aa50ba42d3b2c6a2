// SPDX-License-Identifier: Apache-2.0

internal import CEmbedding

extension Engine {
    /// - Parameters:
    ///   - tokens: numbers below `header.pieces`; at least one, at most `header.positions`.
    ///   - room: for at least that many.
    func encode(_ tokens: [Int], in room: Room) -> [Float] {
        precondition(!tokens.isEmpty && tokens.count <= min(room.capacity, header.positions))
        embed(tokens, room)
        for layer in layout.layers {
            attend(layer, tokens.count, room)
            think(layer, tokens.count, room)
        }
        return unsafe [Float](unsafeUninitializedCapacity: width) { mean, filled in
            guard let start = mean.baseAddress else { return }
            unsafe cembedding_pool(room.vectors, Int32(tokens.count), Int32(width), start)
            filled = width
        }
    }

    /// A token's vector, plus its position's.
    private func embed(_ tokens: [Int], _ room: Room) {
        for (position, token) in tokens.enumerated() {
            precondition(token >= 0 && token < header.pieces)
            unsafe cembedding_widen_row(
                bytes(layout.pieces + token * width), floats(layout.pieceScales)[token], Int32(width),
                room.vectors + position * width)
        }
        unsafe cembedding_add_and_normalize(
            kernel, room.vectors, floats(layout.positions), Int32(tokens.count), Int32(width),
            floats(layout.inputNorm.gain), floats(layout.inputNorm.bias))
    }

    /// What each token learns from the others.
    private func attend(_ layer: EngineLayout.Layer, _ count: Int, _ room: Room) {
        let triple = 3 * width
        unsafe apply(layer.attention, room.vectors, width, count, room.wide, triple)
        unsafe cembedding_attention(
            kernel, room.wide, Int32(count), Int32(header.heads), Int32(width / header.heads))
        for first in stride(from: 0, to: count, by: Room.block) {
            let block = min(Room.block, count - first)
            unsafe apply(layer.output, room.wide + first * triple, triple, block, room.addition, width)
            unsafe add(room.addition, to: room.vectors + first * width, block, layer.outputNorm)
        }
    }

    /// What each token makes of that by itself.
    private func think(_ layer: EngineLayout.Layer, _ count: Int, _ room: Room) {
        for first in stride(from: 0, to: count, by: Room.block) {
            let block = min(Room.block, count - first)
            unsafe apply(
                layer.expansion, room.vectors + first * width, width, block, room.wide, header.inner)
            unsafe cembedding_gelu(kernel, room.wide, Int32(block * header.inner))
            unsafe apply(layer.contraction, room.wide, header.inner, block, room.addition, width)
            unsafe add(room.addition, to: room.vectors + first * width, block, layer.contractionNorm)
        }
    }

    private func add(
        _ addition: UnsafePointer<Float>, to vectors: UnsafeMutablePointer<Float>, _ count: Int,
        _ norm: EngineLayout.Norm
    ) {
        unsafe cembedding_add_and_normalize(
            kernel, vectors, addition, Int32(count), Int32(width), floats(norm.gain), floats(norm.bias))
    }

    private func apply(
        _ dense: EngineLayout.Dense, _ x: UnsafePointer<Float>, _ xStride: Int, _ count: Int,
        _ y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        var layer = unsafe cembedding_dense(
            weights: bytes(dense.weights), scales: floats(dense.scales), bias: floats(dense.bias),
            inputs: Int32(dense.inputs), outputs: Int32(dense.outputs))
        unsafe cembedding_dense_apply(kernel, &layer, x, xStride, Int32(count), y, yStride)
    }

    /// A place in the file, whose length was compared with the layout's end when it was opened.
    private func floats(_ offset: Int) -> UnsafePointer<Float> {
        unsafe start.advanced(by: offset).assumingMemoryBound(to: Float.self)
    }

    private func bytes(_ offset: Int) -> UnsafePointer<Int8> {
        unsafe start.advanced(by: offset).assumingMemoryBound(to: Int8.self)
    }
}
