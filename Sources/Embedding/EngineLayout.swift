// SPDX-License-Identifier: Apache-2.0

internal import CEmbedding

/// Where things are in an engine file, in bytes from its beginning: one after the other, each at a multiple of 64.
struct EngineLayout: Sendable {
    /// A matrix of signed bytes with a scale for each group of a row, and a bias.
    struct Dense {
        let scales: Int
        let weights: Int
        let bias: Int
        let inputs: Int
        let outputs: Int
    }

    /// Gain and bias of a layer norm.
    struct Norm {
        let gain: Int
        let bias: Int
    }

    struct Layer {
        /// Query, key and value in one.
        let attention: Dense
        let output: Dense
        let outputNorm: Norm
        let expansion: Dense
        let contraction: Dense
        let contractionNorm: Norm
    }

    /// One scale a piece.
    let pieceScales: Int
    let pieces: Int
    /// With the vector that all tokens get added in.
    let positions: Int
    let inputNorm: Norm
    let layers: [Layer]
    /// One piece a line.
    let vocabulary: Int
    /// The length of the whole file.
    let end: Int

    init(_ header: EngineHeader) {
        var places = Places()
        let width = header.width
        pieceScales = places.take(4 * header.pieces)
        pieces = places.take(header.pieces * width)
        positions = places.take(4 * header.positions * width)
        inputNorm = places.norm(width)
        layers = (0..<header.layers).map { _ in
            Layer(
                attention: places.dense(width, 3 * width), output: places.dense(width, width),
                outputNorm: places.norm(width), expansion: places.dense(width, header.inner),
                contraction: places.dense(header.inner, width), contractionNorm: places.norm(width))
        }
        vocabulary = places.take(header.vocabularyBytes)
        end = places.next
    }

    /// Gives out places.
    private struct Places {
        var next = EngineHeader.size

        mutating func take(_ bytes: Int) -> Int {
            defer { next += (bytes + 63) / 64 * 64 }
            return next
        }

        mutating func norm(_ width: Int) -> Norm { Norm(gain: take(4 * width), bias: take(4 * width)) }

        mutating func dense(_ inputs: Int, _ outputs: Int) -> Dense {
            let groups = inputs / Int(CEMBEDDING_GROUP)
            return Dense(
                scales: take(4 * groups * outputs), weights: take(inputs * outputs), bias: take(4 * outputs),
                inputs: inputs, outputs: outputs)
        }
    }
}
