// SPDX-License-Identifier: Apache-2.0

/// A running backend's sleep as a machine: events in, orders out. Freezing and thawing take a moment each, and in that
/// moment anything may come: what needs the backend always wins.
struct Hibernation: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        case awake
        /// Being frozen. `unwanted`: something needs it meanwhile, so it is thawed as soon as it stands still.
        case freezing(unwanted: Bool)
        case asleep
        case thawing
    }

    enum Event: Sendable {
        /// It has been idle for long enough, memory is short, or a user asks.
        case sleepAsked
        case frozen
        case freezeFailed
        /// A message is for it, or it is to be stopped.
        case needed
        case thawed
        case thawFailed
        /// Its process is gone.
        case ended
    }

    enum Order: Sendable, Equatable {
        case freeze
        case thaw
        /// It stands still: its memory may go.
        case reclaim
        /// It cannot be woken, so nobody will be answered: what is left is a new start.
        case kill
    }

    private(set) var phase = Phase.awake

    mutating func handle(_ event: Event) -> [Order] {
        switch (phase, event) {
        case (_, .ended):
            phase = .awake
            return []
        case (.awake, .sleepAsked):
            phase = .freezing(unwanted: false)
            return [.freeze]
        case (.freezing, .needed):
            phase = .freezing(unwanted: true)
            return []
        case (.freezing(let unwanted), .frozen):
            phase = unwanted ? .thawing : .asleep
            return unwanted ? [.thaw] : [.reclaim]
        case (.freezing, .freezeFailed):
            // Some of its processes may stand still by now.
            phase = .thawing
            return [.thaw]
        case (.asleep, .needed):
            phase = .thawing
            return [.thaw]
        case (.thawing, .thawed):
            phase = .awake
            return []
        case (.thawing, .thawFailed): return [.kill]
        default: return []
        }
    }

    /// The sleep of a backend that was found frozen: it was another supervisor's.
    static var found: Hibernation {
        var found = Hibernation()
        found.phase = .asleep
        return found
    }
}
