// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Multiplexer

/// Schedules that nobody thought of, thousands of steps each.
@Suite struct RandomScheduleTests {
    /// Steps of one schedule; a new seed begins with empty hands.
    private static let stepsPerSeed = 2000
    /// `MCP_RANDOM_STEPS` asks for more (or fewer).
    private static let steps = ProcessInfo.processInfo.environment["MCP_RANDOM_STEPS"].flatMap { Int($0) } ?? 200_000

    @Test(arguments: 0..<(steps / stepsPerSeed))
    func everyRequestIsAnsweredOnceAndNobodyGetsWhatIsNotHis(seed: Int) {
        var schedule = RandomSchedule(seed: UInt64(seed))
        for step in 0..<Self.stepsPerSeed {
            schedule.step()
            guard schedule.complaints.isEmpty else {
                Issue.record("seed \(seed), step \(step): \(schedule.complaints[0])")
                return
            }
        }
        schedule.finish()
        #expect(schedule.complaints == [], "seed \(seed)")
    }

    @Test(arguments: 1000..<1020)
    func aMachineThatIsHandedOverAfterEachStepSaysTheSame(seed: Int) throws {
        var staying = RandomSchedule(seed: UInt64(seed))
        var handed = RandomSchedule(seed: UInt64(seed))
        for step in 0..<300 {
            staying.step()
            handed.step()
            guard staying.transcript == handed.transcript else {
                Issue.record("seed \(seed), step \(step): \(handed.transcript) instead of \(staying.transcript)")
                return
            }
            try handed.handOver()
        }
        handed.finish()
        #expect(handed.complaints == [], "seed \(seed)")
    }
}
