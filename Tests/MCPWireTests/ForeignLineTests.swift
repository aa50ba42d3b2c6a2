// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@Suite struct ForeignLineTests {
    @Test func theRestOfALineThatSomebodyElseBeganIsDropped() {
        var splitter = LineSplitter(limit: 100)
        splitter.skipLine()
        #expect(splitter.isMidLine)
        var offset = 0
        let first = Array("rest of ".utf8)
        #expect(splitter.next(in: first.span, from: &offset) == nil)
        let second = Array("it\nwhole\nhalf".utf8)
        offset = 0
        #expect(splitter.next(in: second.span, from: &offset) == .inChunk(3..<8))
        #expect(splitter.next(in: second.span, from: &offset) == nil)
        #expect(splitter.partial == Array("half".utf8))
    }
}
