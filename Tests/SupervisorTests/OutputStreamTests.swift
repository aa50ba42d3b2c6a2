// SPDX-License-Identifier: Apache-2.0

import Posix
import Testing

@testable import Supervisor

@Suite final class OutputStreamTests {
    final class Counts {
        var closed = 0
        var drained = 0
    }

    let loop: StreamLoop
    let pipe: PipeEnds
    let counts = Counts()
    let stream: OutputStream

    init() throws {
        OwnProcess.ignoreBrokenPipes()
        loop = try StreamLoop()
        pipe = try PipeEnds()
        stream = try OutputStream(pipe.takeWriting(), loop: loop) { [counts] in counts.closed += 1 }
        stream.onDrained = { [counts] in counts.drained += 1 }
    }

    // The loop must not go first.
    deinit { stream.close() }

    func send(_ text: String) { stream.send(Array(text.utf8)[...]) }

    @Test func messagesGoOutTogetherAtTheEndOfTheTurn() {
        send("one\n")
        send("two\n")
        #expect(stream.waiting == 8)
        loop.flushAll()
        #expect(stream.waiting == 0)
        #expect(counts.drained == 1)
        #expect(pipe.take(100) == Array("one\ntwo\n".utf8))
    }

    @Test func whatIsInAHurryIsWrittenBeforeWhatWasSaidEarlier() throws {
        let other = try PipeEnds()
        let news = try OutputStream(other.takeWriting(), loop: loop) {}
        defer { news.close() }
        send("the answer\n")
        news.send(Array("news\n".utf8)[...])
        news.hurry()
        #expect(other.take(100) == Array("news\n".utf8) && stream.waiting == 11)
        loop.flushAll()
        #expect(pipe.take(100) == Array("the answer\n".utf8))
    }

    @Test func aReaderThatIsGoneIsToldAtTheEndOfTheTurn() {
        send("one\n")
        pipe.closeReading()
        stream.hurry()
        #expect(counts.closed == 0)
        loop.turn()
        #expect(counts.closed == 1)
    }

    @Test func aSlowReaderGetsTheRestWhenItReads() {
        let message = [UInt8](repeating: 0x78, count: 300_000)
        stream.send(message[...])
        loop.flushAll()
        #expect(stream.waiting == 300_000 - 65_536)
        #expect(counts.drained == 0)
        loop.turn()
        #expect(stream.waiting == 300_000 - 65_536, "nothing was read yet")
        var got = 0
        while stream.waiting > 0 {
            got += pipe.take(65_536).count
            loop.turn()
        }
        #expect(counts.drained == 1)
        got += pipe.take(65_536).count
        #expect(got == message.count)
        #expect(counts.closed == 0)
    }

    /// Whoever held its sender back must hear of it, though the stream never had to wait.
    @Test func everyEmptyingIsToldAlsoWithoutAWait() {
        for _ in 0..<3 {
            send("x")
            loop.flushAll()
        }
        #expect(counts.drained == 3)
    }

    @Test func whatComesDuringAWaitKeepsItsPlace() {
        stream.send([UInt8](repeating: 0x61, count: 70_000)[...])
        loop.flushAll()
        send("b")
        loop.flushAll()
        var got: [UInt8] = []
        while stream.waiting > 0 {
            got += pipe.take(65_536)
            loop.turn()
        }
        got += pipe.take(65_536)
        #expect(got.count == 70_001)
        #expect(got.last == 0x62)
    }

    @Test func aReaderThatGoesIsSeenWithoutAWrite() {
        pipe.closeReading()
        loop.turn()
        loop.turn()
        #expect(counts.closed == 1)
        send("x")
        loop.flushAll()
        #expect(stream.waiting == 0)
        #expect(counts.closed == 1)
    }

    @Test func aReaderThatGoesIsSeenByAWrite() {
        send("x")
        pipe.closeReading()
        loop.flushAll()
        #expect(counts.closed == 1)
        loop.turn()
        #expect(counts.closed == 1)
    }

    @Test func aReaderThatGoesWhileTheStreamWaitsIsSeenOnce() {
        stream.send([UInt8](repeating: 0x61, count: 100_000)[...])
        loop.flushAll()
        pipe.closeReading()
        loop.turn()
        loop.turn()
        #expect(counts.closed == 1)
        #expect(counts.drained == 0)
    }

    @Test func closingItOurselvesIsNotTold() {
        send("x")
        stream.close()
        loop.flushAll()
        pipe.closeReading()
        loop.turn()
        #expect(counts.closed == 0)
    }
}
