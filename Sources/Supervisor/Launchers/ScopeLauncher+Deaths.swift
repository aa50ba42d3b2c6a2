// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Finding out why a backend in a scope ended.
extension ScopeLauncher {
    /// At the moment of the death, before anything else is done: systemd removes the scope's cgroup, and the kernel's
    /// counters with it, as soon as it hears of it.
    func examine(_ backend: LaunchedBackend) {
        guard let group = group(backend) else { return }
        guard let events = group.existingMemoryEvents else { return }
        backend.eventsAtDeath = backend.memoryBaseline.rise(to: events)
        backend.peakAtDeath = group.memoryPeak.map { Int64(clamping: $0) }
    }

    /// The slice outlives supervisors: what it counted before our first backend was in it says nothing about ours.
    func passOverEarlierShortages(above backend: LaunchedBackend) {
        guard !hasLookedAtTotals, let slice = slice(of: backend) else { return }
        hasLookedAtTotals = true
        _ = totalShortages.rise(to: slice.localMemoryEvents)
        _ = totalKills.rise(to: slice.memoryEvents)
    }

    /// Tells of processes of a backend that are killed for lack of memory. What was before does not count.
    func noticeKills(in backend: LaunchedBackend, _ handler: @escaping () -> Void) {
        guard let group = group(backend) else { return }
        _ = killsSince(backend)
        backend.killNotice = KillNotice(group, loop: loop, handler)
    }

    /// How many there were since the last look; a later death is none of theirs.
    func killsSince(_ backend: LaunchedBackend) -> UInt64 {
        backend.killNotice?.forget()
        guard let events = group(backend)?.existingMemoryEvents else { return 0 }
        return backend.memoryBaseline.rise(to: events).oomKill
    }

    func cause(of end: ProcessEnd, _ backend: LaunchedBackend) async -> ExitCause {
        var evidence = DeathEvidence(end: end)
        guard let unit = backend.unit, !backend.wasKilled else { return evidence.cause }
        evidence.unitResult = await finalResult(of: unit, end)
        evidence.own = backend.eventsAtDeath
        // cgroup v1 forgets the kill with the cgroup, and says before it that there will be one.
        if evidence.own == nil, await hadLackedMemory(backend, end) { evidence.own = MemoryEvents(oom: 1, oomKill: 1) }
        if let slice = slice(of: backend) {
            evidence.totalWasMet = totalShortages.rise(to: slice.localMemoryEvents).oom > 0
            let below = totalKills.rise(to: slice.memoryEvents)
            evidence.killsBelowTotal = below.oomKill > 0
            // cgroup v1 does not count for a slice what happens below it: there it remains the likelier of the two.
            evidence.limitWasMetBelowTotal = below.oom > 0 || !slice.isUnified
        }
        evidence.ownLimit = await finite(limits(ofUnit: unit, .scope)?.memoryMax)
        evidence.totalLimit = await finite(limits(ofUnit: ScopeLauncher.slice, .slice)?.memoryMax)
        evidence.peak = await peak(unit) ?? backend.peakAtDeath
        evidence.seen = backend.peakSeen
        return evidence.cause
    }

    /// Whether a cgroup v1 that is gone had told so. That it goes is told a little after it is gone, so where a kill wants
    /// an explanation it is waited for, for 300 ms at most.
    private func hadLackedMemory(_ backend: LaunchedBackend, _ end: ProcessEnd) async -> Bool {
        for _ in 0..<15 {
            guard end == .signaled(9), backend.killNotice?.lastWord == .open else { break }
            await loop.pause(milliseconds: 20)
        }
        return backend.killNotice?.lastWord == .lack
    }

    /// Why a process ended that no supervisor saw end: as much as its unit remembers. What was full it does not.
    func cause(ofUnseenEnd unit: String) async -> ExitCause {
        let isOutOfMemory = await finalResult(of: unit, .unknown) == "oom-kill"
        return ExitCause(
            reason: isOutOfMemory ? .oom : .unknown, status: ExitCause.unknownStatus,
            peak: isOutOfMemory ? await peak(unit) : nil)
    }

    /// The unit's Result once it is final. It comes a little before or after the process's own end, so it is waited
    /// for, for two seconds at most, where the end is one that wants an explanation.
    private func finalResult(of unit: String, _ end: ProcessEnd) async -> String? {
        guard let open = try? bus.open() else { return nil }
        var result: String?
        for _ in 0..<40 {
            // The state first: once it is final, so is the result that is read after it.
            let state = try? await open.string("ActiveState", of: unit, .unit)
            result = try? await open.string("Result", of: unit, .scope)
            if result == "oom-kill" { return result }
            let mayChange = state == "deactivating" || (state == "active" && end == .signaled(9))
            if !mayChange { break }
            await loop.pause(milliseconds: 50)
        }
        return result
    }

    /// What the unit remembers, from systemd 255 on.
    private func peak(_ unit: String) async -> Int64? {
        guard features.memoryPeak, let told = try? await bus.open().uint64("MemoryPeak", of: unit, .scope),
            told != UInt64.max, told > 0
        else { return nil }
        return Int64(clamping: told)
    }

    private func finite(_ limit: Int64?) -> Int64? { limit == Limits.infinity ? nil : limit }

    /// The cgroup of all backends together, which outlives each of them.
    func slice(of backend: LaunchedBackend) -> UnitCgroup? {
        guard let path = backend.cgroup, let slash = path.lastIndex(of: "/") else { return nil }
        return UnitCgroup(path: String(path[..<slash]), hierarchy: support.hierarchy)
    }
}
