// SPDX-License-Identifier: Apache-2.0

import Embedding
import Posix

/// Texts in, vectors out, in order, until the input ends or nobody reads the output.
struct Conversation {
    private let engine: Engine
    private var line: [UInt8] = []

    init(_ engine: Engine) { self.engine = engine }

    /// The exit status.
    consuming func run() -> Int32 {
        guard StandardOutput.write(engine.identity.littleEndianBytes) else { return 0 }
        while let input = StandardInput.read(), !input.isEmpty {
            for byte in input {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                guard answer() else { return 0 }
            }
        }
        return 0
    }

    private mutating func answer() -> Bool {
        let vector = engine.encode(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: line.count < 4096)
        return StandardOutput.write(vector.flatMap { $0.bitPattern.littleEndianBytes })
    }
}

extension FixedWidthInteger {
    var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
    }
}
