// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// What is known of a death when memory may have been the cause: collected from the wait status, the unit and the
/// kernel's counters, none of which is always there (systemd.md §1.8, §2.1).
struct DeathEvidence: Equatable {
    var end: ProcessEnd
    /// The unit's Result; `nil` where there is no unit.
    var unitResult: String?
    /// The backend's own counters since they were last looked at; `nil` when its cgroup is gone already.
    var own: MemoryEvents?
    /// The limit of all backends together was met since the last look.
    var totalWasMet = false
    /// Processes below that limit were killed for lack of memory since the last look.
    var killsBelowTotal = false
    /// A limit below that one, which is some backend's own, was met since the last look.
    var limitWasMetBelowTotal = false
    /// The limits and the highest use in bytes, as far as known.
    var ownLimit: Int64?
    var totalLimit: Int64?
    var peak: Int64?
    /// The highest use that was seen by chance, where the kernel's own number is gone.
    var seen: Int64?
}

extension DeathEvidence {
    /// Why it ended.
    var cause: ExitCause {
        var cause =
            switch end {
            case .unknown: ExitCause(reason: .unknown, status: ExitCause.unknownStatus)
            case .exited(let status): ExitCause(reason: .exit, status: status)
            case .signaled(let number): ExitCause(reason: .signal, status: number)
            }
        guard isOutOfMemory else { return cause }
        cause.reason = .oom
        let shortage = shortage
        cause.shortage = shortage
        // The kernel kills with SIGKILL. One that ended in another way was ended because another process was killed.
        cause.hitHelper = end != .signaled(9)
        switch shortage {
        case .own: cause.limit = ownLimit
        case .total: cause.limit = totalLimit
        case .machine: cause.limit = nil
        }
        // Out of memory at its own limit means that it was there.
        cause.peak = peak ?? [seen, shortage == .own ? ownLimit : nil].compactMap(\.self).max()
        return cause
    }

    private var isOutOfMemory: Bool {
        if unitResult == "oom-kill" { return true }
        // cgroup v1, and a unit told to go on (OOMPolicy=continue), have no such result.
        if let own { return own.oomKill > 0 }
        return end == .signaled(9) && killsBelowTotal
    }

    /// A scope whose counters show a kill and no failed allocation of its own met a limit above it. Where they are gone,
    /// the counters above tell: kills for want of the machine's memory raise no count of limits that were met.
    private var shortage: Shortage {
        if let own, own.oom > 0 { return .own }
        if totalWasMet { return .total }
        return own == nil && limitWasMetBelowTotal ? .own : .machine
    }
}

/// Counters from 0 on the first look, then what they rose by.
struct CounterBaseline {
    private var last = MemoryEvents()

    /// What has happened since the last call.
    mutating func rise(to now: MemoryEvents) -> MemoryEvents {
        defer { last = now }
        // A slice that went and came back counts from 0 again.
        return now.oomKill < last.oomKill || now.oom < last.oom ? now : now.since(last)
    }
}

extension MemoryEvents {
    fileprivate func since(_ last: MemoryEvents) -> MemoryEvents {
        MemoryEvents(
            high: high &- min(high, last.high), max: max &- min(max, last.max), oom: oom - last.oom,
            oomKill: oomKill - last.oomKill)
    }
}
