// SPDX-License-Identifier: Apache-2.0

import Control
import Systemd

/// Lowering MemoryMax below what a backend uses.
///
/// The kernel kills at once when it cannot reclaim what is too much in that moment (cgroup-v2.rst, memory.max).
/// MemoryHigh only slows down and reclaims, so it goes there first.
extension ScopeLauncher {
    /// How long a backend has to come below its new limit, in looks of 100 ms; then the limit is set all the same.
    private static let looks = 50

    /// Returns when the backend is below the MemoryMax of these limits or its time is up, and the limits to set then.
    func makeRoom(for limits: Limits, _ unit: String, _ backend: LaunchedBackend) async throws(LaunchError) -> Limits {
        guard support.throttlesMemory, exceeds(limits, backend) else { return limits }
        let held = await self.limits(ofUnit: unit, .scope)?.memoryHigh
        // No swap that the new limits forbid is used meanwhile.
        let step = Limits(memoryHigh: limits.memoryMax, memorySwapMax: limits.memorySwapMax)
        try await setLimits(step, ofUnit: unit)
        for _ in 0..<ScopeLauncher.looks where exceeds(limits, backend) { await loop.pause(milliseconds: 100) }
        var final = limits
        final.memoryHigh = limits.memoryHigh ?? held ?? Limits.infinity
        return final
    }

    private func exceeds(_ limits: Limits, _ backend: LaunchedBackend) -> Bool {
        guard let most = limits.memoryMax, most != Limits.infinity, let used = group(backend)?.memoryCurrent else {
            return false
        }
        return used > UInt64(clamping: most)
    }
}
