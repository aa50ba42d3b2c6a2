// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Multiplexer

@Suite struct FairQueueTests {
    private func line(_ name: Character, _ length: Int) -> ArraySlice<UInt8> {
        ArraySlice(repeatElement(name.asciiValue ?? 0, count: length))
    }

    /// Everything that waits, as the letters of the lines in the order they leave.
    private func order(_ queue: inout FairQueue) -> String {
        var names = ""
        while let line = queue.next() { names.unicodeScalars.append(Unicode.Scalar(line[0])) }
        return names
    }

    @Test func oneSendersLinesKeepTheirOrder() {
        var queue = FairQueue()
        for name in "abc" { queue.append(line(name, 10), of: 1) }
        #expect(queue.byteCount == 30 && queue.byteCount(of: 1) == 30 && queue.byteCount(of: 2) == 0)
        #expect(order(&queue) == "abc")
        #expect(queue.isEmpty)
    }

    @Test func aFloodDelaysAnotherByOneLine() {
        var queue = FairQueue()
        for _ in 0..<20 { queue.append(line("f", 1000), of: 1) }
        #expect(queue.next()?.count == 1000)
        queue.append(line("s", 1000), of: 2)
        #expect(order(&queue).hasPrefix("sf"))
    }

    @Test func whoSendsLargeLinesWaitsForThoseWithSmallOnes() {
        var queue = FairQueue()
        for _ in 0..<3 { queue.append(line("L", 12_000), of: 1) }
        for _ in 0..<20 { queue.append(line("s", 1000), of: 2) }
        // The large line has its turn once as many bytes of the small ones have gone.
        #expect(order(&queue) == "Lssssssssssss" + "Lssssssss" + "L")
    }

    @Test func aLineThatWentPastTheQueueCounts() {
        var queue = FairQueue()
        queue.charge(12_000, to: 1)
        queue.append(line("L", 12_000), of: 1)
        queue.append(line("s", 1000), of: 2)
        #expect(order(&queue) == "sL")
    }

    /// Emptying one's lane before filling it again gives no precedence.
    @Test func whoComesBackAtOnceStandsBehindThoseWhoWait() {
        var queue = FairQueue()
        queue.append(line("L", 5000), of: 1)
        for _ in 0..<2 { queue.append(line("s", 5000), of: 2) }
        #expect(queue.next()?.first == line("L", 1).first)
        queue.append(line("L", 5000), of: 1)
        #expect(order(&queue) == "sLs")
    }

    @Test func silenceIsNotSavedUp() {
        var queue = FairQueue()
        for _ in 0..<10 { queue.append(line("a", 1000), of: 1) }
        for _ in 0..<8 { _ = queue.next() }
        for _ in 0..<4 { queue.append(line("b", 1000), of: 2) }
        #expect(order(&queue) == "bababb")
    }

    @Test func whatWasSentBeforeAPauseIsForgotten() {
        var queue = FairQueue()
        queue.charge(12_000, to: 1)
        queue.forget()
        for name in "ab" { queue.append(line(name, 1000), of: 1) }
        queue.append(line("s", 1000), of: 2)
        queue.forget()
        #expect(order(&queue) == "asb")
    }

    @Test func theMachinesOwnLinesGoFirst() {
        var queue = FairQueue()
        queue.append(line("a", 10), of: 1)
        queue.append(line("m", 10_000), of: nil)
        queue.append(line("n", 10), of: nil)
        #expect(order(&queue) == "mna")
    }

    @Test(arguments: 1...20)
    func everySenderGetsItsShareWhateverItSends(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = FairQueue()
        var sent: [UInt32: Int] = [:]
        let longest = 5000
        // All have something waiting all the time: no two may be further apart than a line of each.
        for _ in 0..<2000 {
            for sender: UInt32 in 1...4 {
                while queue.byteCount(of: SessionID(raw: sender)) < longest {
                    let length = Int.random(in: 1...(sender == 1 ? longest : 200), using: &random)
                    queue.append(ArraySlice(repeatElement(UInt8(sender), count: length)), of: SessionID(raw: sender))
                }
            }
            guard let line = queue.next() else { return #expect(Bool(false), "something waits") }
            sent[UInt32(line[0]), default: 0] += line.count
            let counts = (1...4).map { sent[UInt32($0)] ?? 0 }
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 2 * longest, "seed \(seed): \(counts)")
        }
    }

    @Test func whatHasLeftIsNotKept() {
        var queue = LineQueue()
        var fair = FairQueue()
        for _ in 0..<2 {
            queue.append(LineQueue.Line(bytes: [1], target: nil))
            fair.append([1, 2], of: 1)
        }
        for step in 0..<100_000 {
            queue.append(LineQueue.Line(bytes: [1], target: nil))
            fair.append([1, 2], of: SessionID(raw: step % 2 == 0 ? 1 : UInt32(step)))
            _ = (queue.popFirst(), fair.next())
        }
        #expect(queue.count == 2 && queue.slotCount < 200)
        #expect(fair.byteCount == 4 && fair.slotCount < 200)
    }
}
