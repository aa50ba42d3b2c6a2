// SPDX-License-Identifier: Apache-2.0

import Control

/// Who has to make room when memory is short: events in, orders out. It knows no kernel and no process.
///
/// One step at a time, so that the next is decided on what the last one brought. First backends are put to sleep, the
/// longest idle before the others: that costs the next call milliseconds. When none is left to sleep, they are stopped,
/// those without a session first. One with a call in flight is never touched.
struct PressurePolicy: Sendable, Equatable {
    struct Candidate: Sendable, Equatable {
        var id: String
        /// Milliseconds since something last went to it or came from it.
        var idle: Int64
        var callsInFlight: Int
        /// Sessions, those on their way back too, and holds.
        var users: Int
        var sleeps: Bool
        /// Whether sleep gives anything back here.
        var gainsBySleep: Bool
        var mayStop: PressureStop
    }

    enum Order: Sendable, Equatable {
        case hibernate(String)
        case stop(String)
        /// Nothing more can be done: said once, until something can.
        case giveUp
    }

    /// Milliseconds from one step to the next.
    static let settling: Int64 = 2_000
    /// Milliseconds that a backend must have been idle: who has just been served is about to ask again.
    static let shortestIdle: Int64 = 1_000

    private var lastStep: Int64?
    private var hasGivenUp = false

    /// Memory is short.
    mutating func shortage(now: Int64, _ candidates: [Candidate]) -> Order? {
        if let lastStep, now - lastStep < PressurePolicy.settling { return nil }
        let idle = candidates.filter { $0.callsInFlight == 0 && $0.idle >= PressurePolicy.shortestIdle }
        guard let order = PressurePolicy.step(idle) else {
            defer { hasGivenUp = true }
            return hasGivenUp ? nil : .giveUp
        }
        lastStep = now
        hasGivenUp = false
        return order
    }

    private static func step(_ idle: [Candidate]) -> Order? {
        if let one = longest(idle.filter { !$0.sleeps && $0.gainsBySleep }) { return .hibernate(one.id) }
        if let one = longest(idle.filter { $0.users == 0 && $0.mayStop != .never }) { return .stop(one.id) }
        return longest(idle.filter { $0.mayStop == .idle }).map { .stop($0.id) }
    }

    private static func longest(_ candidates: [Candidate]) -> Candidate? {
        candidates.max { ($0.idle, $1.id) < ($1.idle, $0.id) }
    }
}

/// Which idle backends may be stopped when memory is short (`stop_under_pressure`).
public enum PressureStop: String, Sendable, CaseIterable {
    case never
    /// Those that no session and no hold has.
    case unused
    /// Those with sessions, too: right for servers that keep nothing for them.
    case idle
}
