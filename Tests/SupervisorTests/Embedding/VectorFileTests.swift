// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import ToolSearch

@testable import Supervisor

@Suite struct VectorFileTests {
    private func vector(_ seed: Int) -> [Float] {
        (0..<384).map { Float(sin(Double($0 * 31 + seed * 17))) }
    }

    private func file(_ seeds: [Int]) -> VectorFile {
        var file = VectorFile()
        for seed in seeds { file.add(NarrowVector(vector(seed)), for: VectorKey(model: 1, texts: ["\(seed)"])) }
        return file
    }

    @Test func whatIsWrittenIsRead() {
        for count in [0, 1, 50] {
            let file = file(Array(0..<count))
            #expect(VectorFile(file.bytes) == file)
        }
    }

    @Test func noDamageGoesUnnoticed() {
        let bytes = file([1, 2]).bytes
        for count in [0, 7, 12, 19, bytes.count - 1] { #expect(VectorFile(Array(bytes.prefix(count))) == nil) }
        #expect(VectorFile(bytes + [0]) == nil)
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 4
            if VectorFile(damaged) != nil { Issue.record("byte \(place)") }
        }
    }

    @Test func theOldestAreForgotten() {
        var now = file(Array(0..<1500))
        now.add(file(Array(1000..<4000)))
        #expect(now.entries.count == VectorFile.capacity)
        #expect(now.entries[VectorKey(model: 1, texts: ["0"])] != nil)
        #expect(now.entries[VectorKey(model: 1, texts: ["3999"])] == nil)
        #expect(VectorFile(now.bytes) == now)
    }

    @Test func aKeyDependsOnTheModelAndOnEachText() {
        let keys = [
            VectorKey(model: 1, texts: ["ab", "c"]), VectorKey(model: 2, texts: ["ab", "c"]),
            VectorKey(model: 1, texts: ["a", "bc"]), VectorKey(model: 1, texts: ["abc"]),
            VectorKey(model: 1, texts: []),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0.bytes.count == VectorKey.size })
    }

    @Test func aNarrowVectorIsNearlyTheWideOneAtLengthOne() {
        for seed in 0..<20 {
            let (wide, narrow) = (vector(seed), NarrowVector(vector(seed)).wide)
            let length = wide.map { $0 * $0 }.reduce(0, +).squareRoot()
            let cosine = zip(wide, narrow).map(*).reduce(0, +) / length
            #expect(cosine > 0.9999 && cosine < 1.001)
        }
    }

    @Test func whatIsNoVectorIsLikeNothing() {
        for odd in [Float.nan, .infinity, 1e38] {
            #expect(NarrowVector([Float](repeating: odd, count: 384)).wide.allSatisfy { $0 == 0 })
        }
        #expect(NarrowVector([Float](repeating: 0, count: 384)).wide.allSatisfy { $0 == 0 })
    }
}
