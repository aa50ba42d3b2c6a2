// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The two clocks: one to measure with, one to show and to name with.
public enum Clock {
    /// Milliseconds of CLOCK_MONOTONIC.
    public static func monotonicMilliseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Seconds since 1970 of CLOCK_REALTIME.
    public static func wallSeconds() -> Int64 { Int64(read(CLOCK_REALTIME).tv_sec) }

    /// Microseconds since 1970 of CLOCK_REALTIME.
    public static func wallMicroseconds() -> Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// A wall time as RFC 3339 in UTC: `2026-11-22T12:00:00Z`.
    public static func rfc3339(_ seconds: Int64) -> String {
        var broken = unsafe tm()
        var time = time_t(seconds)
        guard unsafe gmtime_r(&time, &broken) != nil else { return "1970-01-01T00:00:00Z" }
        let date = unsafe [Int(broken.tm_year) + 1900, Int(broken.tm_mon) + 1, Int(broken.tm_mday)]
        let day = unsafe [Int(broken.tm_hour), Int(broken.tm_min), Int(broken.tm_sec)]
        return "\(date[0])-" + date[1...].map(padded).joined(separator: "-") + "T"
            + day.map(padded).joined(separator: ":") + "Z"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return time
    }
}
