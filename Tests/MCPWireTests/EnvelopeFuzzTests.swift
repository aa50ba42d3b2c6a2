// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

/// A small generator (xorshift), so that a failure's seed repeats it.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

@Suite struct EnvelopeFuzzTests {
    private static let seeds = [
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":"t"},"b":[1,-2.5e3,"x\u00e4\n",null,true]}}"#,
        #"{"jsonrpc":"2.0","id":"x","result":{"content":[{"type":"text","text":"a\\\"b"}],"isError":false}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":0.5}}"#,
    ]
    private static let pieces = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "1", "-", ".", "e", "null", "\\u", " ", "\r", "\u{1}", "é",
    ]

    private func mutate(_ line: inout [UInt8], using generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !line.isEmpty {
            let place = Int.random(in: 0..<line.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: line[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: line.remove(at: place)
            case 2: line.insert(contentsOf: (Self.pieces.randomElement(using: &generator) ?? "").utf8, at: place)
            default: line.removeSubrange(place..<min(line.count, place + 4))
            }
        }
    }

    @Test func acceptsNothingThatIsNotAnObject() {
        var generator = SeededGenerator(seed: 0x5EED)
        for round in 0..<20_000 {
            var line = Array((Self.seeds.randomElement(using: &generator) ?? "").utf8)
            mutate(&line, using: &generator)
            let envelope = try? Envelope(scanning: line.span)
            let value = try? JSONValue(parsing: line, maximumDepth: JSONScanner.maximumDepth + 2)
            let text = String(decoding: line, as: UTF8.self)
            #expect((envelope != nil) == (value?.objectValue != nil), "round \(round): \(text)")
            _ = Envelope(prefix: line.span)
        }
    }
}
