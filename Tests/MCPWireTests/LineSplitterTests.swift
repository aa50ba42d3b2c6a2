// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@Suite struct LineSplitterTests {
    enum Cut: Equatable {
        case line(String)
        case oversize(String, Int)
    }

    /// What the splitter makes of the chunks, as text.
    private func cuts(_ splitter: inout LineSplitter, _ chunks: [[UInt8]]) -> [Cut] {
        var cuts: [Cut] = []
        for chunk in chunks {
            var offset = 0
            while let line = splitter.next(in: chunk.span, from: &offset) {
                switch line {
                case .inChunk(let range): cuts.append(.line(String(decoding: chunk[range], as: UTF8.self)))
                case .buffered: cuts.append(.line(String(decoding: splitter.partial, as: UTF8.self)))
                case .oversize(let length):
                    cuts.append(.oversize(String(decoding: splitter.partial, as: UTF8.self), length))
                }
            }
        }
        return cuts
    }

    @Test func givesTheSameLinesWhereverTheStreamIsCut() {
        let stream = Array(
            "\u{FEFF}{\"a\":1}\r\n\n \r\n{\"b\":\"\u{2028}\u{85}ä\"}\n\r\n0123456789abcdefghij\n{}\nrest".utf8)
        let expected: [Cut] = [
            .line("{\"a\":1}"), .line("{\"b\":\"\u{2028}\u{85}ä\"}"), .oversize("0123456789abcdefghij", 20),
            .line("{}"),
        ]
        for first in 0...stream.count {
            for second in first...stream.count {
                var splitter = LineSplitter(limit: 16)
                let parts = [Array(stream[..<first]), Array(stream[first..<second]), Array(stream[second...])]
                #expect(cuts(&splitter, parts) == expected, "cut at \(first) and \(second)")
                #expect(splitter.isMidLine)
            }
        }
    }

    @Test func givesTheSameLinesByteByByte() {
        var splitter = LineSplitter(limit: 100)
        let chunks = Array("{\"id\":1}\r\n{\"id\":2}\n".utf8).map { [$0] }
        #expect(cuts(&splitter, chunks) == [.line("{\"id\":1}"), .line("{\"id\":2}")])
        #expect(!splitter.isMidLine)
    }

    @Test func takesALineOfExactlyTheLimit() {
        for split in 0...10 {
            var splitter = LineSplitter(limit: 8)
            let bytes = Array("12345678\r\n".utf8)
            #expect(cuts(&splitter, [Array(bytes[..<split]), Array(bytes[split...])]) == [.line("12345678")])
        }
    }

    @Test func keepsOnlyThePrefixOfALineThatIsTooLong() {
        var splitter = LineSplitter(limit: 10_000)
        let block = [UInt8](repeating: 0x61, count: 6000)
        let expected = Cut.oversize(String(repeating: "a", count: LineSplitter.prefixLength), 6000 * 5)
        #expect(cuts(&splitter, [block, block, block, block, block, [0x0A]]) == [expected])
        #expect(cuts(&splitter, [Array("{}\n".utf8)]) == [.line("{}")])
        #expect(splitter.partial.capacity <= 512)
    }

    /// The prefix is where the id of a line too long is looked for: a mark in front would hide it.
    @Test func leavesMarkAndReturnOutOfALineThatIsTooLongWhereverItIsCut() {
        let text = String(repeating: "0123456789", count: 1000)
        let stream = Array("\u{FEFF}\(text)\r\n".utf8)
        for cut in [0, 1, 2, 3, 4, 5000, stream.count - 2, stream.count - 1, stream.count] {
            var splitter = LineSplitter(limit: 8192)
            guard
                case .oversize(let prefix, let length)? = cuts(
                    &splitter, [Array(stream[..<cut]), Array(stream[cut...])]
                ).first
            else {
                Issue.record("cut at \(cut): no line too long")
                continue
            }
            #expect(length == text.utf8.count, "cut at \(cut)")
            #expect(prefix.hasPrefix("0123456789") && !prefix.hasSuffix("\r"), "cut at \(cut)")
        }
    }

    @Test func copiesNothingOfALineThatLiesInOneChunk() {
        var splitter = LineSplitter(limit: 100)
        let chunk = Array("{\"a\":1}\n{\"b\":2}\n".utf8)
        var offset = 0
        #expect(splitter.next(in: chunk.span, from: &offset) == .inChunk(0..<7))
        #expect(splitter.next(in: chunk.span, from: &offset) == .inChunk(8..<15))
        #expect(splitter.next(in: chunk.span, from: &offset) == nil)
        #expect(splitter.partial.capacity == 0)
    }
}
