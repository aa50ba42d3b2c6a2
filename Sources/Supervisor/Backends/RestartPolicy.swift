// SPDX-License-Identifier: Apache-2.0

/// When a backend that died may start again: later with each death in a row, and on demand only while it does nothing
/// but die. Times are milliseconds.
///
/// The pauses are 0.2, 0.4, 0.8 and 1.6 s; the fifth death within five minutes is a crash loop. From then on every
/// pause ends in one more try when somebody asks, and goes on doubling from 3.2 to 30 s. A run that served for a minute
/// begins the row again. Deaths are counted all the same, so one that dies each minute is a crash loop, too.
struct RestartPolicy: Sendable, Equatable, Codable {
    /// Before the first restart; doubled with each further death in a row.
    static let shortestDelay: Int64 = 200
    static let longestDelay: Int64 = 30_000
    /// This many deaths within ``window`` are a crash loop.
    static let tolerated = 5
    static let window: Int64 = 5 * 60_000
    /// A backend that has served for this long was well: its death begins a new row.
    static let goodRun: Int64 = 60_000

    private var deaths: [Int64] = []
    /// Deaths since the last good run.
    private var row = 0
    private var isLooping = false

    enum Verdict: Equatable {
        /// May start again after so many milliseconds.
        case after(Int64)
        /// Is refused for so many milliseconds, then tried once more when somebody asks.
        case crashLoop(Int64)
    }

    /// Counts a death.
    ///
    /// - Parameter served: how long it had served; 0 when it never got through its handshake.
    mutating func died(at now: Int64, served: Int64) -> Verdict {
        deaths = deaths.filter { now - $0 < RestartPolicy.window } + [now]
        if served >= RestartPolicy.goodRun {
            row = 0
            isLooping = false
        }
        row += 1
        if deaths.count >= RestartPolicy.tolerated { isLooping = true }
        return isLooping
            ? .crashLoop(RestartPolicy.delay(max(row, RestartPolicy.tolerated))) : .after(RestartPolicy.delay(row))
    }

    /// The pause after so many deaths in a row.
    private static func delay(_ row: Int) -> Int64 {
        // Beyond eight doublings it is the longest in any case, and a shift must not overflow.
        min(shortestDelay << Int64(min(row - 1, 8)), longestDelay)
    }

    /// Somebody asked for a new start by hand: what was is forgotten.
    mutating func forgive() { self = RestartPolicy() }
}
