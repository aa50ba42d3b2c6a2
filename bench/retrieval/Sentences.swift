// SPDX-License-Identifier: Apache-2.0

import Posix
import ToolSearch

/// Sentence vectors that the engine has made: 384 32-bit floats a text, in the order of the texts.
struct Sentences {
    private var vectors: [String: [Float]] = [:]

    init() {}

    init(texts: [String], path: String) throws {
        let bytes = try Files.read(path, limit: 1 << 30)
        let size = 4 * TokenTable.sentenceDimensions
        for (place, text) in texts.enumerated() where (place + 1) * size <= bytes.count {
            vectors[text] = (0..<TokenTable.sentenceDimensions).map { index in
                let start = place * size + 4 * index
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
                return Float(bitPattern: bits)
            }
        }
    }

    subscript(text: String) -> [Float]? { vectors[text] }

    /// The sum, brought to length 1 and held as the supervisor holds it; nil when one is missing.
    func sum(of texts: [String]) -> [Float]? {
        guard !vectors.isEmpty else { return nil }
        var sum = [Float](repeating: 0, count: TokenTable.sentenceDimensions)
        for text in texts {
            guard let vector = vectors[text] else { return nil }
            for index in sum.indices { sum[index] += vector[index] }
        }
        return NarrowVector(sum).wide
    }
}
