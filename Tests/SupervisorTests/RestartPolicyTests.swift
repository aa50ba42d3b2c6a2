// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct RestartPolicyTests {
    @Test func thePausesDoubleFromAFifthOfASecondToHalfAMinute() {
        var policy = RestartPolicy()
        let verdicts = (0..<10).map { policy.died(at: Int64($0) * 1000, served: 0) }
        #expect(
            verdicts == [
                .after(200), .after(400), .after(800), .after(1600), .crashLoop(3200), .crashLoop(6400),
                .crashLoop(12_800), .crashLoop(25_600), .crashLoop(30_000), .crashLoop(30_000),
            ])
    }

    @Test func aRunOfAMinuteBeginsTheRowAgain() {
        var policy = RestartPolicy()
        for time: Int64 in [0, 1, 2] { _ = policy.died(at: time, served: 59_999) }
        #expect(policy.died(at: 100_000, served: 60_000) == .after(200))
    }

    @Test func fiveDeathsWithinFiveMinutesAreALoopHoweverTheyLie() {
        var policy = RestartPolicy()
        for time: Int64 in [0, 74_999, 149_998, 224_997] {
            #expect(policy.died(at: time, served: 74_000) == .after(200))
        }
        #expect(policy.died(at: 299_999, served: 74_000) == .crashLoop(3200))
    }

    @Test func aDeathIsForgottenAfterFiveMinutes() {
        var policy = RestartPolicy()
        for time: Int64 in [0, 1, 2, 3] { _ = policy.died(at: time, served: 0) }
        // The first is exactly five minutes old, the others are a little younger.
        #expect(policy.died(at: 300_000, served: 60_000) == .after(200))
    }

    @Test func aBackendThatDiesSeldomIsNeverALoop() {
        var policy = RestartPolicy()
        for count in 0..<100 {
            #expect(policy.died(at: Int64(count) * 75_000, served: 70_000) == .after(200))
        }
    }

    @Test func aLoopEndsWithAGoodRunAndNotWithTime() {
        var policy = RestartPolicy()
        for _ in 0..<5 { _ = policy.died(at: 0, served: 0) }
        #expect(policy.died(at: 3_600_000, served: 100) == .crashLoop(6400))
        #expect(policy.died(at: 7_200_000, served: 60_000) == .after(200))
    }

    @Test func noPauseIsLongerThanHalfAMinute() {
        var policy = RestartPolicy()
        for count in 0..<1000 {
            switch policy.died(at: Int64(count) * 70_000, served: 0) {
            case .after(let pause), .crashLoop(let pause):
                #expect((RestartPolicy.shortestDelay...RestartPolicy.longestDelay).contains(pause))
            }
        }
    }

    @Test func aStartByHandForgetsWhatWas() {
        var policy = RestartPolicy()
        for _ in 0..<10 { _ = policy.died(at: 0, served: 0) }
        policy.forgive()
        #expect(policy == RestartPolicy())
        #expect(policy.died(at: 0, served: 0) == .after(200))
    }
}
