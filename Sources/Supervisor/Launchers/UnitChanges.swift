// SPDX-License-Identifier: Apache-2.0

/// Who changes which unit: one at a time, in the order in which they came.
final class UnitChanges {
    /// Those who wait, by unit; a unit that is being changed has an entry.
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Returns when nobody else changes the unit.
    func begin(_ unit: String) async {
        guard waiting[unit] != nil else {
            waiting[unit] = []
            return
        }
        await withCheckedContinuation { waiting[unit, default: []].append($0) }
    }

    /// To be called once after each ``begin(_:)``.
    func end(_ unit: String) {
        guard let next = waiting[unit]?.first else {
            waiting[unit] = nil
            return
        }
        waiting[unit]?.removeFirst()
        next.resume()
    }
}
