// SPDX-License-Identifier: Apache-2.0

import Multiplexer
import Testing

@Suite struct ReaderWatchTests {
    @Test func itIsBehindFromHalfOnAndFullAboveTheLimit() {
        var watch = ReaderWatch(limit: 100)
        #expect(watch.sent(waiting: 50, taken: 0) == nil)
        #expect(watch.sent(waiting: 51, taken: 0) == .isBehind)
        #expect(watch.sent(waiting: 100, taken: 0) == nil)
        #expect(watch.sent(waiting: 101, taken: 0) == .isFull)
        #expect(watch.sent(waiting: 500, taken: 0) == nil)
        #expect(watch.pace == .isFull)
    }

    @Test func itKeepsUpAgainBelowAQuarter() {
        var watch = ReaderWatch(limit: 100)
        _ = watch.sent(waiting: 120, taken: 0)
        #expect(watch.read(waiting: 101, taken: 19) == nil)
        #expect(watch.read(waiting: 99, taken: 21) == .isBehind)
        #expect(watch.read(waiting: 26, taken: 94) == nil)
        #expect(watch.read(waiting: 25, taken: 95) == .keepsUp)
        #expect(watch.read(waiting: 0, taken: 120) == nil)
        _ = watch.sent(waiting: 120, taken: 120)
        #expect(watch.read(waiting: 0, taken: 240) == .keepsUp)
    }

    @Test func onlyOneThatReadsNothingIsDeaf() {
        var watch = ReaderWatch(limit: 100)
        _ = watch.sent(waiting: 1000, taken: 7)
        #expect(watch.isDeaf(taken: 8) == false, "it reads, if slowly")
        #expect(watch.isDeaf(taken: 8) == true)
        #expect(watch.read(waiting: 90, taken: 900) == .isBehind)
        #expect(watch.isDeaf(taken: 900) == false, "it is not full any more")
    }
}
