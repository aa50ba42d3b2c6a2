// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells of processes of a cgroup that are killed for lack of memory, while the cgroup goes on.
public final class KillNotice {
    private let descriptor: Int32
    private let isLegacy: Bool
    private var source: EventSource?

    /// Nil where the kernel does not tell.
    ///
    /// - Parameter handler: called soon before a kill or after it; the counters say what came of it.
    public init?(_ group: UnitCgroup, loop: EventLoop, _ handler: @escaping () -> Void) {
        guard let (descriptor, isLegacy) = group.openKillNotice() else { return nil }
        self.descriptor = descriptor
        self.isLegacy = isLegacy
        source = try? loop.watch(descriptor, isLegacy ? .readable : .priority) { [weak self] _ in
            guard let self else { return }
            // The cgroup is gone: the kernel reports an error for ever.
            if group.existingMemoryEvents == nil { source = nil }
            KillNotice.acknowledge(descriptor, isLegacy)
            handler()
        }
        guard source != nil else {
            close(descriptor)
            return nil
        }
        if !isLegacy { KillNotice.acknowledge(descriptor, isLegacy) }
    }

    deinit {
        source?.cancel()
        close(descriptor)
    }

    /// Only then does the kernel tell of the next one.
    private static func acknowledge(_ descriptor: Int32, _ isLegacy: Bool) {
        var buffer = [UInt8](repeating: 0, count: 512)
        _ = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe isLegacy
                ? read(descriptor, bytes.baseAddress, 8) : pread(descriptor, bytes.baseAddress, bytes.count, 0)
        }
    }
}
