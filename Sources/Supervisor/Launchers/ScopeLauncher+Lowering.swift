// SPDX-License-Identifier: Apache-2.0

import Control
import Systemd

/// Lowering MemoryMax below what a unit uses.
///
/// The kernel kills at once when it cannot reclaim what is too much in that moment (cgroup-v2.rst, memory.max).
/// MemoryHigh only slows down and reclaims, so it goes there first.
extension ScopeLauncher {
    /// How long a unit has to come below its new limit, in looks of 100 ms; then the limit is set all the same.
    private static let looks = 50

    func setLimits(_ limits: Limits, of backend: LaunchedBackend) async throws(LaunchError) {
        guard let unit = backend.unit else { return }
        try await lower(limits, unit, .scope, group(backend))
    }

    /// The limits of all backends together.
    func setTotalLimits(_ limits: Limits) async throws(LaunchError) {
        let path = try? await bus.open().string("ControlGroup", of: ScopeLauncher.slice, .slice)
        let group = path.flatMap { $0.isEmpty ? nil : UnitCgroup(path: $0, hierarchy: support.hierarchy) }
        try await lower(limits, ScopeLauncher.slice, .slice, group)
    }

    /// One change of a unit after the other: the next must not take the first one's passing MemoryHigh for the user's.
    private func lower(
        _ limits: Limits, _ unit: String, _ interface: UnitInterface, _ group: UnitCgroup?
    ) async throws(LaunchError) {
        await changes.begin(unit)
        defer { changes.end(unit) }
        try await setLimits(makeRoom(for: limits, unit, interface, group), ofUnit: unit)
    }

    /// Returns when the unit is below the MemoryMax of these limits or its time is up, and the limits to set then.
    private func makeRoom(
        for limits: Limits, _ unit: String, _ interface: UnitInterface, _ group: UnitCgroup?
    ) async throws(LaunchError) -> Limits {
        guard support.throttlesMemory, let group, exceeds(limits, group) else { return limits }
        let held = await self.limits(ofUnit: unit, interface)?.memoryHigh
        // No swap that the new limits forbid is used meanwhile.
        let step = Limits(memoryHigh: limits.memoryMax, memorySwapMax: limits.memorySwapMax)
        try await setLimits(step, ofUnit: unit)
        for _ in 0..<ScopeLauncher.looks where exceeds(limits, group) { await loop.pause(milliseconds: 100) }
        var final = limits
        final.memoryHigh = limits.memoryHigh ?? held ?? Limits.infinity
        return final
    }

    private func exceeds(_ limits: Limits, _ group: UnitCgroup) -> Bool {
        guard let most = limits.memoryMax, most != Limits.infinity, let used = group.memoryCurrent else { return false }
        return used > UInt64(clamping: most)
    }
}
