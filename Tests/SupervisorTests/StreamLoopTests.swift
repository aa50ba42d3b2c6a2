// SPDX-License-Identifier: Apache-2.0

import Posix
import Testing

@testable import Supervisor

@Suite struct StreamLoopTests {
    let loop: StreamLoop

    init() throws { loop = try StreamLoop() }

    @Test func aHandlerIsCalledWhileThereIsSomethingToRead() throws {
        let pipe = try PipeEnds()
        let handler = Recorder()
        let token = try loop.add(pipe.readingNumber, .readable, handler)
        loop.turn()
        #expect(handler.seen.isEmpty)
        pipe.put("x")
        handler.onReady = { _ = pipe.take(1) }
        loop.turn()
        #expect(handler.seen == ["ready"])
        loop.remove(token)
        pipe.put("x")
        loop.turn()
        #expect(handler.seen == ["ready"])
    }

    /// A clock that goes forward by a quarter of a turn whenever somebody looks at it.
    final class Ticks {
        var time: UInt64 = 0
        func now() -> UInt64 {
            defer { time += StreamLoop.span / 4 }
            return time
        }
    }

    @Test func aTurnEndsThoughSomebodyNeverReads() throws {
        let pipe = try PipeEnds()
        let handler = Recorder()
        let token = try loop.add(pipe.readingNumber, .readable, handler)
        pipe.put("x")
        loop.turn(now: Ticks().now)
        #expect(handler.seen.count == 4)
        loop.remove(token)
    }

    /// Forty that are always ready, and time for sixteen a turn: each gets its own before one gets a second.
    @Test func theNextTurnGoesOnWhereTheLastOneEnded() throws {
        let pipes = try (0..<40).map { _ in try PipeEnds() }
        let handlers = pipes.map { _ in Recorder() }
        let tokens = try zip(pipes, handlers).map { try loop.add($0.readingNumber, .readable, $1) }
        for pipe in pipes { pipe.put("x") }
        for turns in 1...5 {
            loop.turn(now: Ticks().now)
            let seen = handlers.map(\.seen.count)
            #expect(seen.reduce(0, +) == 16 * turns)
            #expect((seen.max() ?? 0) - (seen.min() ?? 0) <= 1)
        }
        for token in tokens { loop.remove(token) }
    }

    @Test func whatIsRemovedWithinABatchIsNotCalledAnyMore() throws {
        let (one, other) = (try PipeEnds(), try PipeEnds())
        let (first, second) = (Recorder(), Recorder())
        let firstToken = try loop.add(one.readingNumber, .readable, first)
        let secondToken = try loop.add(other.readingNumber, .readable, second)
        first.onReady = {
            loop.remove(firstToken)
            loop.remove(secondToken)
        }
        second.onReady = first.onReady
        one.put("x")
        other.put("x")
        loop.turn()
        #expect(first.seen.count + second.seen.count == 1)
    }

    /// The slot of a removed handler goes to the next; the old one's event is still in the batch.
    @Test func aNewHandlerInAnOldSlotGetsNoStaleEvent() throws {
        let (one, other, third) = (try PipeEnds(), try PipeEnds(), try PipeEnds())
        let (first, second, new) = (Recorder(), Recorder(), Recorder())
        var tokens = [
            try loop.add(one.readingNumber, .readable, first), try loop.add(other.readingNumber, .readable, second),
        ]
        let swap = {
            for token in tokens { loop.remove(token) }
            tokens = (try? [loop.add(third.readingNumber, .readable, new)]) ?? []
        }
        first.onReady = swap
        second.onReady = swap
        one.put("x")
        other.put("x")
        loop.turn()
        #expect(first.seen.count + second.seen.count == 1)
        #expect(new.seen.isEmpty)
        third.put("x")
        new.onReady = { _ = third.take(1) }
        loop.turn()
        #expect(new.seen == ["ready"])
    }

    /// A token that is used twice must not reach the descriptor that has its number now.
    @Test func removingTwiceHurtsNobody() throws {
        let pipe = try PipeEnds()
        let (old, new) = (Recorder(), Recorder())
        let token = try loop.add(pipe.readingNumber, .readable, old)
        loop.remove(token)
        let current = try loop.add(pipe.readingNumber, .readable, new)
        loop.remove(token)
        pipe.put("x")
        new.onReady = { _ = pipe.take(1) }
        loop.turn()
        #expect(new.seen == ["ready"])
        #expect(current != token)
    }

    @Test func aHandlerThatIsGoneIsNotCalled() throws {
        let pipe = try PipeEnds()
        var handler: Recorder? = Recorder()
        let token = try loop.add(pipe.readingNumber, .readable, try #require(handler))
        weak let watched = handler
        handler = nil
        #expect(watched == nil, "the loop keeps nobody alive")
        pipe.put("x")
        loop.turn()
        loop.remove(token)
    }

    @Test func aDescriptorThatCannotBeWatchedLeavesNoTrace() throws {
        let handler = Recorder()
        #expect(throws: PosixError.self) { try loop.add(-1, .readable, handler) }
        let pipe = try PipeEnds()
        let token = try loop.add(pipe.readingNumber, .readable, handler)
        #expect(throws: PosixError.self) { try loop.add(pipe.readingNumber, .readable, handler) }
        pipe.put("x")
        handler.onReady = { _ = pipe.take(1) }
        loop.turn()
        #expect(handler.seen == ["ready"])
        loop.remove(token)
    }

    @Test func flushesComeAtTheEndOfTheTurn() throws {
        let pipe = try PipeEnds()
        let handler = Recorder()
        let token = try loop.add(pipe.readingNumber, .readable, handler)
        handler.onReady = {
            loop.flushLater(handler)
            _ = pipe.take(1)
        }
        pipe.put("x")
        loop.turn()
        #expect(handler.seen == ["ready", "flush"])
        loop.remove(token)
    }

    @Test func whatAFlushAsksForIsDoneToo() throws {
        final class Chain: Flushable {
            let loop: StreamLoop
            var left: Int
            init(_ loop: StreamLoop, _ left: Int) {
                self.loop = loop
                self.left = left
            }
            func flush() {
                left -= 1
                if left > 0 { loop.flushLater(self) }
            }
        }
        let chain = Chain(loop, 5)
        loop.flushLater(chain)
        loop.flushAll()
        #expect(chain.left == 0)
    }
}
