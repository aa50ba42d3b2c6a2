// SPDX-License-Identifier: Apache-2.0

/// Directions, a byte a dimension, one after the other: 256 bytes a tool, and a scale.
struct PackedVectors: Sendable {
    private var bytes: [Int8]
    private var scales: [Float]

    init(count: Int) {
        bytes = [Int8](repeating: 0, count: count * TokenTable.dimensions)
        scales = [Float](repeating: 0, count: count)
    }

    /// - Parameter vector: of ``TokenTable/dimensions``, at most of length 1. One that has no direction, or is none at
    ///   all (what a damaged engine computes), is like nothing.
    mutating func set(_ vector: [Float], at position: Int) {
        let start = position * TokenTable.dimensions
        let largest = vector.reduce(0) { max($0, $1.magnitude) }
        guard largest > 0, vector.allSatisfy(\.isFinite) else {
            scales[position] = 0
            return
        }
        scales[position] = largest / 127
        for (index, value) in vector.enumerated() {
            bytes[start + index] = Int8((value / largest * 127).rounded())
        }
    }

    func vector(at position: Int) -> [Float] {
        let start = position * TokenTable.dimensions
        return bytes[start..<start + TokenTable.dimensions].map { Float($0) * scales[position] }
    }

    /// The product with each of the vectors; with directions that is the cosine.
    func products(with vector: [Float]) -> [Float] {
        var packed = PackedVectors(count: 1)
        packed.set(vector, at: 0)
        // Wide already: of each pair of factors only one has to be widened in the loop.
        let query = packed.bytes.map(Int16.init)
        var products = [Float](repeating: 0, count: scales.count)
        for position in scales.indices {
            let sum = product(query.span, bytes.span, at: position * TokenTable.dimensions)
            products[position] = Float(sum) * packed.scales[0] * scales[position]
        }
        return products
    }

    /// The loop has no check in it, so the compiler makes wide instructions of it.
    @inline(__always)
    private func product(_ query: Span<Int16>, _ all: Span<Int8>, at start: Int) -> Int32 {
        precondition(query.count == TokenTable.dimensions && start + TokenTable.dimensions <= all.count)
        var sum: Int32 = 0
        for index in 0..<TokenTable.dimensions {
            sum &+= Int32(unsafe query[unchecked: index]) &* Int32(unsafe all[unchecked: start &+ index])
        }
        return sum
    }
}
