// SPDX-License-Identifier: Apache-2.0

import CEmbedding
import Foundation

/// An engine file of a few kilobytes: one layer, random weights.
struct SmallEngine {
    static let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "find", "file", "##s", "in"]
    static let width = 64
    static let inner = 128
    static let positions = 80

    var version: UInt32 = 1
    var heads: UInt32 = 8
    var vocabulary = SmallEngine.vocabulary
    private var state: UInt64 = 1

    /// The whole file, its checksum right.
    func bytes() -> [UInt8] {
        var maker = self
        let body = maker.body()
        let text = vocabulary.joined(separator: "\n").utf8.count
        var header = Array("MCPMODEL".utf8)
        for number in [
            version, UInt32(SmallEngine.width), 1, heads, UInt32(SmallEngine.inner),
            UInt32(SmallEngine.vocabulary.count), UInt32(SmallEngine.positions), UInt32(text),
        ] {
            header += bytesOf(number)
        }
        header += bytesOf(
            unsafe body.withUnsafeBytes { bytes in
                unsafe bytes.baseAddress.map { unsafe cembedding_checksum($0, bytes.count) } ?? 0
            })
        return header + [UInt8](repeating: 0, count: 64 - header.count) + body
    }

    private mutating func body() -> [UInt8] {
        let (width, inner) = (SmallEngine.width, SmallEngine.inner)
        var body = floats(SmallEngine.vocabulary.count, 0.01) + weights(SmallEngine.vocabulary.count * width)
        body += floats(SmallEngine.positions * width, 0.2) + norm()
        body += dense(width, 3 * width) + dense(width, width) + norm()
        body += dense(width, inner) + dense(inner, width) + norm()
        return body + padded(Array(vocabulary.joined(separator: "\n").utf8))
    }

    private mutating func dense(_ inputs: Int, _ outputs: Int) -> [UInt8] {
        floats(outputs * inputs / 32, 0.002) + weights(inputs * outputs) + floats(outputs, 0.1)
    }

    private mutating func norm() -> [UInt8] { floats(SmallEngine.width, 1) + floats(SmallEngine.width, 0.1) }

    private mutating func floats(_ count: Int, _ size: Float) -> [UInt8] {
        padded((0..<count).flatMap { _ in bytesOf((size * (0.5 + Float(next() % 1000) / 1000)).bitPattern) })
    }

    private mutating func weights(_ count: Int) -> [UInt8] { padded((0..<count).map { _ in next() }) }

    private mutating func next<Number: FixedWidthInteger>() -> Number {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Number(truncatingIfNeeded: state >> 33)
    }

    private func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64)
    }

    private func bytesOf(_ number: some FixedWidthInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * type(of: number).init($0))) }
    }
}

/// Lends a file that is gone afterwards.
func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let path = NSTemporaryDirectory() + "mcp-engine-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}
