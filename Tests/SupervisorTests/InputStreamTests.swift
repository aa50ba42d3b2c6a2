// SPDX-License-Identifier: Apache-2.0

import Posix
import Testing

@testable import Supervisor

@Suite final class InputStreamTests {
    let loop: StreamLoop
    let pipe: PipeEnds
    let receiver = Recorder()
    let stream: InputStream

    init() throws {
        loop = try StreamLoop()
        pipe = try PipeEnds()
        stream = try InputStream(pipe.takeReading(), limit: 100, loop: loop, receiver: receiver)
    }

    // The loop must not go first.
    deinit { stream.close() }

    @Test func linesComeWholeHoweverTheyWereWritten() {
        pipe.put("one\ntw")
        loop.turn()
        #expect(receiver.seen == ["one"])
        pipe.put("o\r\n\nthree\n")
        loop.turn()
        #expect(receiver.seen == ["one", "two", "three"])
    }

    @Test func aLineOverTheLimitIsTold() {
        pipe.put(String(repeating: "x", count: 5000) + "\nnext\n")
        loop.turn()
        #expect(receiver.seen == ["oversize 5000 4096", "next"])
    }

    @Test func theEndIsToldOnceAndAPieceOfALineIsNot() {
        pipe.put("whole\npiece")
        pipe.closeWriting()
        loop.turn()
        loop.turn()
        #expect(receiver.seen == ["whole", "end"])
    }

    @Test func aPausedStreamLeavesBytesInThePipe() {
        stream.pause()
        stream.pause()
        pipe.put("one\n")
        loop.turn()
        #expect(receiver.seen.isEmpty)
        stream.resume()
        stream.resume()
        loop.turn()
        #expect(receiver.seen == ["one"])
    }

    /// epoll reports a hangup unasked, and would wake the loop for ever.
    @Test func aPausedStreamWhoseWriterIsGoneIsQuiet() throws {
        stream.pause()
        pipe.put("last\n")
        pipe.closeWriting()
        var outer = try Poller()
        try outer.add(loop.descriptor, token: 1, .readable)
        #expect(outer.collect() == 0)
        loop.turn()
        #expect(receiver.seen.isEmpty)
        stream.resume()
        loop.turn()
        #expect(receiver.seen == ["last", "end"])
    }

    @Test func aPauseWithinAChunkStillHandsOutTheChunk() {
        receiver.onLine = { [stream] _ in stream.pause() }
        pipe.put("one\ntwo\n")
        loop.turn()
        pipe.put("three\n")
        loop.turn()
        #expect(receiver.seen == ["one", "two"])
        receiver.onLine = { _ in }
        stream.resume()
        loop.turn()
        #expect(receiver.seen == ["one", "two", "three"])
    }

    @Test func nothingIsHandedOutAfterTheStreamWasClosed() {
        receiver.onLine = { [stream] _ in stream.close() }
        pipe.put("one\ntwo\n")
        loop.turn()
        stream.resume()
        stream.pause()
        stream.resume()
        stream.drain()
        loop.turn()
        #expect(receiver.seen == ["one"])
    }

    @Test func whatADeadWriterLeftIsDrained() {
        pipe.put(String(repeating: "line\n", count: 5000))
        pipe.closeWriting()
        stream.drain()
        #expect(receiver.seen.count == 5000)
    }

    /// What a dead server left behind may go on writing into its stdout.
    @Test func aWriterWithoutEndIsNotDrainedForEver() {
        receiver.onLine = { [pipe] _ in pipe.put("line\n") }
        pipe.put("line\n")
        stream.drain()
        #expect(receiver.seen.count == (1 << 20) / 5 + 1)
    }

    @Test func whatIsPausedCanStillBeDrained() {
        stream.pause()
        pipe.put("one\n")
        stream.drain()
        #expect(receiver.seen == ["one"])
    }
}
