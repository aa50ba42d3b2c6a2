// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct RestartPolicyTests {
    @Test func eachDeathDoublesTheDelayUntilTheFifthIsACrashLoop() {
        var policy = RestartPolicy()
        let verdicts = (0..<6).map { policy.died(at: Int64($0) * 1000) }
        #expect(verdicts == [.after(200), .after(400), .after(800), .after(1600), .crashLoop, .crashLoop])
    }

    @Test func aDeathIsForgottenAfterFiveMinutes() {
        var policy = RestartPolicy()
        for time: Int64 in [0, 1, 2, 3] { _ = policy.died(at: time) }
        // The first is exactly five minutes old, the others are a little younger.
        #expect(policy.died(at: 300_000) == .after(1600))
        #expect(policy.died(at: 300_001) == .after(1600))
        #expect(policy.died(at: 900_000) == .after(200))
    }

    @Test func fiveDeathsWithinFiveMinutesAreALoopHoweverTheyLie() {
        var policy = RestartPolicy()
        for time: Int64 in [0, 74_999, 149_998, 224_997] {
            #expect(policy.died(at: time) != .crashLoop)
        }
        #expect(policy.died(at: 299_999) == .crashLoop)
    }

    @Test func aBackendThatDiesSeldomIsNeverALoop() {
        var policy = RestartPolicy()
        for count in 0..<100 {
            #expect(policy.died(at: Int64(count) * 75_000) != .crashLoop)
        }
    }

    @Test func noDelayIsLongerThanHalfAMinute() {
        var policy = RestartPolicy()
        for count in 0..<1000 {
            if case .after(let delay) = policy.died(at: Int64(count) * 70_000) {
                #expect((RestartPolicy.shortestDelay...RestartPolicy.longestDelay).contains(delay))
            }
        }
    }

    @Test func aStartByHandForgetsWhatWas() {
        var policy = RestartPolicy()
        for _ in 0..<10 { _ = policy.died(at: 0) }
        policy.forgive()
        #expect(policy == RestartPolicy())
        #expect(policy.died(at: 0) == .after(200))
    }
}
