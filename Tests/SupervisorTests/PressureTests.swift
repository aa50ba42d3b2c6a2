// SPDX-License-Identifier: Apache-2.0

import Systemd
import Testing

@testable import Supervisor

@Suite struct PressureTests {
    typealias Candidate = PressurePolicy.Candidate

    private func candidate(
        _ id: String, idle: Int64 = 60_000, calls: Int = 0, users: Int = 0, sleeps: Bool = false, gains: Bool = true,
        mayStop: PressureStop = .unused
    ) -> Candidate {
        Candidate(
            id: id, idle: idle, callsInFlight: calls, users: users, sleeps: sleeps, gainsBySleep: gains,
            mayStop: mayStop)
    }

    /// What the policy does with candidates at a time when it has done nothing yet.
    private func first(_ candidates: Candidate...) -> PressurePolicy.Order? {
        var policy = PressurePolicy()
        return policy.shortage(now: 0, candidates)
    }

    @Test func theLongestIdleSleepsFirst() {
        #expect(first(candidate("a", idle: 2_000), candidate("b", idle: 9_000, users: 3)) == .hibernate("b"))
    }

    @Test func whoAllSleepIsStoppedThoseWithoutASessionFirst() {
        let used = candidate("used", idle: 90_000, users: 1, sleeps: true, mayStop: .idle)
        #expect(first(used, candidate("unused", idle: 2_000, sleeps: true)) == .stop("unused"))
        #expect(first(used) == .stop("used"))
    }

    @Test func oneWithSessionsIsStoppedOnlyWhereThatIsAllowed() {
        #expect(first(candidate("a", users: 1, sleeps: true, mayStop: .unused)) == .giveUp)
        #expect(first(candidate("a", users: 1, sleeps: true, mayStop: .never)) == .giveUp)
        #expect(first(candidate("a", users: 0, sleeps: true, mayStop: .never)) == .giveUp)
    }

    @Test func oneAtWorkIsNeverTouched() {
        #expect(first(candidate("a", calls: 1, mayStop: .idle)) == .giveUp)
        #expect(first(candidate("a", calls: 1), candidate("b", idle: 1_000)) == .hibernate("b"))
    }

    @Test func whoHasJustBeenServedIsLeftAlone() {
        #expect(first(candidate("a", idle: 999, mayStop: .idle)) == .giveUp)
    }

    @Test func whereSleepGivesNothingBackItIsStoppedAtOnce() {
        #expect(first(candidate("a", gains: false)) == .stop("a"))
    }

    @Test func eachStepIsLeftTimeToShow() {
        var policy = PressurePolicy()
        let all = [candidate("a", idle: 3_000), candidate("b", idle: 2_000)]
        #expect(policy.shortage(now: 0, all) == .hibernate("a"))
        let then = [candidate("a", idle: 4_999, sleeps: true), candidate("b", idle: 3_999)]
        #expect(policy.shortage(now: 1_999, then) == nil)
        #expect(policy.shortage(now: 2_000, then) == .hibernate("b"))
    }

    @Test func thatNothingCanBeDoneIsSaidOnce() {
        var policy = PressurePolicy()
        #expect(policy.shortage(now: 0, []) == .giveUp)
        #expect(policy.shortage(now: 5_000, []) == nil)
        #expect(policy.shortage(now: 9_000, [candidate("a")]) == .hibernate("a"))
        #expect(policy.shortage(now: 15_000, []) == .giveUp)
    }

    @Test func countersTellByTheirRise() {
        var counters = SliceCounters()
        let looks = [
            MemoryEvents(high: 7, max: 7), MemoryEvents(high: 7, max: 7, oomKill: 1), MemoryEvents(high: 8, max: 7),
            MemoryEvents(high: 8, max: 8),
        ].map { counters.isShort($0) }
        #expect(looks == [false, false, true, true])
    }

    @Test func theReserveIsATwentiethUnlessItIsConfigured() {
        let memory = AvailableMemory(meminfo: "MemTotal: 2000 kB\nMemFree: 1 kB\nMemAvailable: 99 kB\n")
        #expect(memory.isShort(reserve: nil))
        #expect(!memory.isShort(reserve: 99 << 10))
        #expect(memory.isShort(reserve: 100 << 10))
        #expect(!AvailableMemory(meminfo: "").isShort(reserve: nil))
    }
}
