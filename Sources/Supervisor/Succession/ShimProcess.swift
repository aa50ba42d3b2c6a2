// SPDX-License-Identifier: Apache-2.0

import Posix

/// A session's shim, as a number that no later process has: its pid, and above it when it was started, cut.
struct ShimProcess: Equatable {
    let number: UInt64

    private static let shift: UInt64 = 32

    /// Nil when there is no such process (any more), or not in our pid namespace.
    init?(_ pid: Int32) {
        guard pid > 0, let number = Self.number(of: pid) else { return nil }
        self.number = number
    }

    init?(number: UInt64) {
        guard number > 0 else { return nil }
        self.number = number
    }

    /// Whether it may still come for its session, be it stopped.
    var isAlive: Bool { Self.number(of: Int32(truncatingIfNeeded: number)) == number }

    private static func number(of pid: Int32) -> UInt64? {
        ProcessTable.startTime(of: pid).map { $0 << shift | UInt64(UInt32(bitPattern: pid)) }
    }
}
