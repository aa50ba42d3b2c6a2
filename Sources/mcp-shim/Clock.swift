// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Milliseconds of CLOCK_MONOTONIC.
func monotonicMilliseconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}

/// Pauses between attempts: none before the first, then doubling from 10 ms to 1 s, and an end after a time in all.
struct Backoff {
    private static let longest = 1000
    private let deadline: Int
    private(set) var delay: Int

    init(milliseconds: Int, startingAt delay: Int = 0) {
        deadline = monotonicMilliseconds() + milliseconds
        self.delay = delay
    }

    /// Sleeps as long as it is time for. False, at once, when the time is used up.
    mutating func pause() -> Bool {
        let left = deadline - monotonicMilliseconds()
        guard left > 0 else { return false }
        sleep(milliseconds: min(delay, left))
        delay = delay == 0 ? 10 : min(delay * 2, Backoff.longest)
        return true
    }

    /// A signal that stopped us ends the sleep early, which does no harm.
    private func sleep(milliseconds: Int) {
        guard milliseconds > 0 else { return }
        var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        nanosleep(&time, nil)
    }
}
