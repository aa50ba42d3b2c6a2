// SPDX-License-Identifier: Apache-2.0

/// Spans of time as systemd writes them (systemd.time(7)): `10min`, `1h 30s`, `90` (seconds), `infinity`.
public enum TimeSpan {
    /// No end: what `infinity` and `off` stand for.
    public static let forever = Int64.max

    private static let units: [(names: [String], milliseconds: Double)] = [
        (["us", "usec", "µs"], 0.001),
        (["ms", "msec"], 1),
        (["", "s", "sec", "second", "seconds"], 1000),
        (["m", "min", "minute", "minutes"], 60_000),
        (["h", "hr", "hour", "hours"], 3_600_000),
        (["d", "day", "days"], 86_400_000),
        (["w", "week", "weeks"], 604_800_000),
        (["M", "month", "months"], 2_629_800_000),
        (["y", "year", "years"], 31_557_600_000),
    ]

    /// Milliseconds; ``forever`` for `infinity` and `off`; `nil` when the text is not a span.
    public static func parse(_ text: String) -> Int64? {
        if text == "infinity" || text == "off" { return forever }
        var total = 0.0
        var rest = text.drop(while: isSpace)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count).drop(while: isSpace)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count).drop(while: isSpace)
            guard let number = Double(digits), let unit = units.first(where: { $0.names.contains(String(name)) }) else {
                return nil
            }
            total += number * unit.milliseconds
        }
        return total < 1e15 ? Int64(total.rounded()) : nil
    }

    /// A number of seconds from elsewhere in milliseconds: not below 0, and ``forever`` where it is out of all bounds.
    public static func milliseconds(ofSeconds seconds: Double) -> Int64 {
        seconds < 1e12 ? Int64((max(0, seconds) * 1000).rounded()) : forever
    }

    private static func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
}
