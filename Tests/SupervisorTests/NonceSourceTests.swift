// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

struct NonceSourceTests {
    @Test func supervisorsOfTheSameSecondUseOthers() {
        let second: Int64 = 1_795_667_920_000_000
        var killed = NonceSource()
        var next = NonceSource()
        let before = (0..<10).map { killed.next(now: second + $0) }
        let after = (0..<10).map { next.next(now: second + 250_000 + $0) }
        #expect(Set(before + after).count == 20)
    }

    @Test func aClockThatStandsStillOrIsSetBackRepeatsNothing() {
        var source = NonceSource()
        let times: [Int64] = [100, 100, 100, 40, 99, 101, 102, 200, -5]
        let nonces = times.map { source.next(now: $0) }
        #expect(Set(nonces).count == times.count)
    }
}
