// SPDX-License-Identifier: Apache-2.0

import CEmbedding
import Posix
import Testing
import ToolSearch

@testable import Embedding

@Suite struct EngineTests {
    private func engine(_ bytes: [UInt8] = SmallEngine().bytes()) throws -> Engine {
        try withFile(bytes) { try Engine(path: $0) }
    }

    private func product(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map(*).reduce(0, +) }

    @Test func aVectorHasLengthOneAndDependsOnTheTextAlone() throws {
        let engine = try engine()
        let first = engine.encode("find files")
        #expect(first.count == SmallEngine.width)
        #expect(abs(product(first, first) - 1) < 1e-5)
        #expect(first != engine.encode("files find"))
        // A text of another length in between leaves nothing behind.
        _ = engine.encode(String(repeating: "in ", count: 60))
        #expect(engine.encode("Find FILES") == first)
    }

    @Test func aTextIsFramedAndCutToWhatTheModelReads() throws {
        let engine = try engine()
        #expect(engine.tokens(of: "find files nowhere") == [2, 4, 5, 6, 1, 3])
        let long = engine.tokens(of: String(repeating: "in ", count: 500))
        #expect(long.count == SmallEngine.positions && long.first == 2 && long.last == 3)
        #expect(engine.encode("").count == SmallEngine.width)
        let cut = String(repeating: "in ", count: SmallEngine.positions - 2)
        #expect(engine.encode(cut) == engine.encode(cut + "file"))
    }

    @Test func theKernelsAgree() throws {
        try withFile(SmallEngine().bytes()) { path in
            let baseline = try Engine(path: path, kernel: CEMBEDDING_BASELINE)
            let best = try Engine(path: path)
            for text in ["find", "find files in files", String(repeating: "in ", count: 70)] {
                for (a, b) in zip(baseline.encode(text), best.encode(text)) { #expect(abs(a - b) < 1e-5) }
            }
        }
    }

    @Test func whatIsNoEngineIsRefused() throws {
        #expect(throws: EngineError.unreadable(PosixError("open", "/nowhere/engine", code: 2))) {
            try Engine(path: "/nowhere/engine")
        }
        #expect(throws: EngineError.self) { try Engine(path: "/") }
        #expect(throws: EngineError.self) { try engine([]) }
        #expect(throws: EngineError.notAnEngine) { try engine(Array("#!/bin/sh\n".utf8)) }
        #expect(throws: EngineError.notAnEngine) { try engine(Array(SmallEngine().bytes().prefix(63))) }
    }

    @Test func anotherVersionIsRefused() throws {
        var small = SmallEngine()
        small.version = 2
        #expect(throws: EngineError.version(2)) { try engine(small.bytes()) }
    }

    @Test func aFileThatWasCutOffOrGrewIsRefused() throws {
        let whole = SmallEngine().bytes()
        for count in [64, 65, whole.count / 2, whole.count - 1] {
            #expect(throws: EngineError.length(expected: whole.count, found: count)) {
                try engine(Array(whole.prefix(count)))
            }
        }
        #expect(throws: EngineError.length(expected: whole.count, found: whole.count + 64)) {
            try engine(whole + [UInt8](repeating: 0, count: 64))
        }
    }

    @Test func anyChangedByteIsNoticed() throws {
        let whole = SmallEngine().bytes()
        // The checksum itself, then what it is of.
        for place in Array(40..<48) + Array(stride(from: 64, to: whole.count, by: 997)) {
            var bytes = whole
            bytes[place] ^= 0x80
            #expect(throws: EngineError.self, "byte \(place)") { try engine(bytes) }
        }
        var last = whole
        last[whole.count - 1] ^= 1
        #expect(throws: EngineError.damaged) { try engine(last) }
    }

    @Test func anImpossibleShapeIsRefused() throws {
        let whole = SmallEngine().bytes()
        // Width, layers, heads, inner width, pieces, positions, vocabulary: each all ones, and zero.
        for index in 1...7 {
            for value in [UInt8(0), 0xff] {
                var bytes = whole
                for byte in 0..<4 { bytes[8 + 4 * index + byte] = value }
                #expect(throws: EngineError.self, "number \(index)") { try engine(bytes) }
            }
        }
        var small = SmallEngine()
        small.heads = 3
        #expect(throws: EngineError.impossible("the number of heads", 3)) { try engine(small.bytes()) }
    }

    @Test func aVocabularyWithoutTheFrameIsRefused() throws {
        var small = SmallEngine()
        small.vocabulary[2] = "[cls]"
        #expect(throws: EngineError.noPiece("[CLS]")) { try engine(small.bytes()) }
    }

    @Test(arguments: [
        EngineError.notAnEngine, .version(7), .impossible("the width", 7), .length(expected: 9, found: 7), .damaged,
        .vocabulary(.empty), .noPiece("[SEP]"),
    ])
    func everyErrorIsOneLine(error: EngineError) {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
    }
}
