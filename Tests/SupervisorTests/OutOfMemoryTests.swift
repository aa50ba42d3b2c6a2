// SPDX-License-Identifier: Apache-2.0

import Control
import Systemd
import Testing

@testable import Posix
@testable import Supervisor

/// The rows of systemd.md §1.8 and §2.1: which death is which.
@Suite struct OutOfMemoryTests {
    private func evidence(_ end: ProcessEnd, _ result: String? = "success", own: MemoryEvents? = nil) -> DeathEvidence {
        DeathEvidence(
            end: end, unitResult: result, own: own, ownLimit: 60 << 20, totalLimit: 100 << 20, peak: 59 << 20)
    }

    @Test func itsOwnLimitIsToldWithLimitAndPeak() {
        let cause = evidence(.signaled(9), "oom-kill", own: MemoryEvents(max: 3, oom: 1, oomKill: 1)).cause
        #expect(cause.reason == .oom && cause.shortage == .own && !cause.hitHelper)
        #expect(cause.clause == "was killed: out of memory (limit 60.0M, peak 59.0M)")
        #expect(cause.advice("a-1") == "raise the limit with: mcpctl limits a-1 --set MemoryMax=120.0M --persist")
    }

    @Test func aPeakThatWasSeenByChanceIsNotBelowTheLimitThatWasMet() {
        var evidence = evidence(.signaled(9), "oom-kill")
        evidence.peak = nil
        evidence.seen = 7 << 20
        evidence.limitWasMetBelowTotal = true
        #expect(evidence.cause.peak == 60 << 20)
        evidence.totalWasMet = true
        #expect(evidence.cause.peak == 7 << 20)
    }

    @Test func theTotalLimitShowsInTheSliceAndNotInTheScope() {
        var evidence = evidence(.signaled(9), "oom-kill", own: MemoryEvents(oomKill: 1))
        evidence.totalWasMet = true
        let cause = evidence.cause
        #expect(cause.shortage == .total && cause.limit == 100 << 20)
        #expect(cause.clause == "was killed: out of memory (limit of all backends together 100.0M, peak 59.0M)")
        #expect(cause.advice("a-1")?.contains("limits --total --set MemoryMax=200.0M") == true)
    }

    @Test func aKillWithoutAnyLimitIsTheMachines() {
        let cause = evidence(.signaled(9), "oom-kill", own: MemoryEvents(oomKill: 1)).cause
        #expect(cause.shortage == .machine && cause.limit == nil && cause.advice("a-1") == nil)
        #expect(cause.clause == "was killed: out of memory (the machine had none left, peak 59.0M)")
    }

    @Test(arguments: [ProcessEnd.signaled(15), .exited(0), .exited(143)])
    func oneThatEndsBecauseItsHelperWasKilledSaysSo(end: ProcessEnd) {
        let cause = evidence(end, "oom-kill", own: MemoryEvents(oom: 1, oomKill: 1)).cause
        #expect(cause.reason == .oom && cause.hitHelper)
        #expect(cause.clause.hasPrefix("ended because a process of it was killed: out of memory"))
    }

    @Test func withoutAResultTheCountersTell() {
        // cgroup v1, or OOMPolicy=continue.
        #expect(evidence(.signaled(9), own: MemoryEvents(oom: 1, oomKill: 1)).cause.shortage == .own)
        #expect(evidence(.exited(1), own: MemoryEvents(oom: 1, oomKill: 1)).cause.reason == .oom)
        #expect(evidence(.signaled(9), own: MemoryEvents(max: 9)).cause.reason == .signal)
    }

    @Test func withoutTheScopesCountersTheSlicesTell() {
        var evidence = evidence(.signaled(9))
        #expect(evidence.cause.reason == .signal)
        evidence.killsBelowTotal = true
        #expect(evidence.cause.reason == .oom && evidence.cause.shortage == .machine)
        evidence.limitWasMetBelowTotal = true
        #expect(evidence.cause.reason == .oom && evidence.cause.shortage == .own)
        evidence.totalWasMet = true
        #expect(evidence.cause.shortage == .total)
        // The kernel does not end anything with SIGTERM, nor with an exit status.
        evidence.end = .signaled(15)
        #expect(evidence.cause.reason == .signal)
        evidence.end = .exited(0)
        #expect(evidence.cause.reason == .exit)
    }

    @Test func aKillThatNoCounterTellsOfIsTheMachinesWithThePeakThatWasSeen() {
        var evidence = evidence(.signaled(9), "oom-kill")
        evidence.peak = nil
        evidence.seen = 7 << 20
        let cause = evidence.cause
        #expect(cause.shortage == .machine && cause.limit == nil && cause.peak == 7 << 20)
        #expect(cause.advice("a-1") == nil)
    }

    @Test func otherDeathsStayWhatTheyAre() {
        #expect(evidence(.exited(7)).cause == ExitCause(reason: .exit, status: 7))
        #expect(evidence(.signaled(11), own: MemoryEvents()).cause == ExitCause(reason: .signal, status: 11))
    }

    @Test func whatHappenedBeforeIsNotCountedAgain() {
        var baseline = CounterBaseline()
        #expect(baseline.rise(to: MemoryEvents(oom: 1, oomKill: 2)).oomKill == 2)
        #expect(baseline.rise(to: MemoryEvents(oom: 1, oomKill: 2)) == MemoryEvents())
        #expect(baseline.rise(to: MemoryEvents(oom: 2, oomKill: 3)) == MemoryEvents(oom: 1, oomKill: 1))
        // A slice that was made anew.
        #expect(baseline.rise(to: MemoryEvents(oom: 1, oomKill: 1)) == MemoryEvents(oom: 1, oomKill: 1))
    }
}
