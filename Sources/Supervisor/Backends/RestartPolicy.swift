// SPDX-License-Identifier: Apache-2.0

/// When a backend that died may start again: later each time, and not at all while it does nothing but die.
struct RestartPolicy: Sendable, Equatable {
    /// Milliseconds before the first restart; doubled with each further death.
    static let shortestDelay: Int64 = 200
    static let longestDelay: Int64 = 30_000
    /// This many deaths within ``window`` milliseconds are a crash loop.
    static let tolerated = 5
    static let window: Int64 = 5 * 60_000

    private var deaths: [Int64] = []

    enum Verdict: Equatable {
        /// May start again after so many milliseconds.
        case after(Int64)
        case crashLoop
    }

    /// Counts a death.
    mutating func died(at now: Int64) -> Verdict {
        deaths = deaths.filter { now - $0 < RestartPolicy.window } + [now]
        if deaths.count >= RestartPolicy.tolerated { return .crashLoop }
        let delay = RestartPolicy.shortestDelay << Int64(deaths.count - 1)
        return .after(min(delay, RestartPolicy.longestDelay))
    }

    /// Somebody asked for a new start by hand: what was is forgotten.
    mutating func forgive() { deaths = [] }
}
