// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

@Suite struct OutboxTests {
    @Test func whatFitsGoesOutAtOnce() throws {
        let pipe = try makePipe()
        var outbox = Outbox(ByteStream(own: try pipe.writing.duplicate()))
        #expect(outbox.flush() == .empty)
        outbox.append(Array("one\n".utf8)[...])
        outbox.append(Array("two\n".utf8)[...])
        #expect(outbox.count == 8)
        #expect(outbox.flush() == .empty)
        #expect(outbox.count == 0)
        #expect(take(100, from: pipe.reading.raw) == Array("one\ntwo\n".utf8))
    }

    @Test func aSlowReaderGetsEverythingInOrder() throws {
        let pipe = try makePipe()
        var outbox = Outbox(ByteStream(own: try pipe.writing.duplicate()))
        var expected: [UInt8] = []
        var got: [UInt8] = []
        for message in 0..<400 {
            let line = Array("\(message):\(String(repeating: "x", count: message * 3))\n".utf8)
            expected += line
            outbox.append(line[...])
            _ = outbox.flush()
            if message.isMultiple(of: 3) { got += take(700, from: pipe.reading.raw) }
        }
        #expect(outbox.count > 0, "the pipe was never full, so this proves nothing")
        while outbox.count > 0 {
            got += take(5000, from: pipe.reading.raw)
            _ = outbox.flush()
        }
        while got.count < expected.count { got += take(65_536, from: pipe.reading.raw) }
        #expect(got == expected)
    }

    @Test func aMessageLargerThanThePipeWaitsForItsReader() throws {
        let pipe = try makePipe()
        var outbox = Outbox(ByteStream(own: try pipe.writing.duplicate()))
        let message = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        outbox.append(message[...])
        #expect(outbox.flush() == .waiting)
        #expect(outbox.count == message.count - 65_536)
        #expect(outbox.flush() == .waiting)
        var got: [UInt8] = []
        while got.count < message.count {
            got += take(10_000, from: pipe.reading.raw)
            let state = outbox.flush()
            #expect(state == (outbox.count == 0 ? .empty : .waiting))
        }
        #expect(got == message)
    }

    @Test func aReaderThatIsGoneDropsWhatWaits() throws {
        let pair = socketPair()
        let ours = Descriptor(owning: pair.0)
        let theirs = Descriptor(owning: pair.1)
        var outbox = Outbox(ByteStream(own: ours))
        outbox.append(Array("hello".utf8)[...])
        close(theirs.release())
        #expect(outbox.flush() == .closed)
        #expect(outbox.count == 0)
    }

    @Test func aFullDiskIsAnEndToo() throws {
        var outbox = Outbox(ByteStream(own: try openFile("/dev/full", flags: O_WRONLY)))
        outbox.append(Array("hello".utf8)[...])
        #expect(outbox.flush() == .closed)
    }
}
