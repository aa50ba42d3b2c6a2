// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells of processes of a cgroup that are killed for lack of memory, while the cgroup goes on.
public final class KillNotice {
    private let descriptor: Int32
    private let isLegacy: Bool
    private var source: EventSource?
    /// What cgroup v1 has told since the last ``forget()``: each lack of memory before anything is killed for it, and
    /// once that the cgroup goes (memcg_event_remove in the kernel's mm/memcontrol-v1.c).
    private var told: UInt64 = 0
    /// Whether something was told while the cgroup was there: a lack, then.
    private var isLackCertain = false

    /// Nil where the kernel does not tell.
    ///
    /// - Parameter handler: called soon before a kill or after it; the counters say what came of it.
    public init?(_ group: UnitCgroup, loop: EventLoop, _ handler: @escaping () -> Void) {
        guard let (descriptor, isLegacy) = group.openKillNotice() else { return nil }
        self.descriptor = descriptor
        self.isLegacy = isLegacy
        source = try? loop.watch(descriptor, isLegacy ? .readable : .priority) { [weak self] _ in
            guard let self else { return }
            acknowledge()
            if group.existingMemoryEvents != nil {
                isLackCertain = told > 0
            } else {
                // The kernel reports an error for ever.
                source = nil
            }
            handler()
        }
        guard source != nil else {
            close(descriptor)
            return nil
        }
        if !isLegacy { acknowledge() }
    }

    deinit {
        source?.cancel()
        close(descriptor)
    }

    /// What a cgroup that is gone, and its counters with it, had told of a lack of memory. v1 only: v2 keeps no such word.
    public enum LastWord: Sendable, Equatable {
        case nothing
        /// One thing was told, and it is not known yet whether that was the end of the cgroup: to be asked again.
        case open
        case lack
    }

    public var lastWord: LastWord {
        guard isLegacy else { return .nothing }
        acknowledge()
        if isLackCertain { return .lack }
        return told == 0 ? .nothing : told == 1 ? .open : .lack
    }

    /// What was told until now led to no death.
    public func forget() {
        guard isLegacy else { return }
        acknowledge()
        told = 0
        isLackCertain = false
    }

    /// Only then does the kernel tell of the next one.
    private func acknowledge() {
        guard isLegacy else {
            var buffer = [UInt8](repeating: 0, count: 512)
            _ = unsafe buffer.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
            return
        }
        var count: UInt64 = 0
        if unsafe read(descriptor, &count, 8) == 8 { told += count }
    }
}
