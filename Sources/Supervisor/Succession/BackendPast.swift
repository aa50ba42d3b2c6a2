// SPDX-License-Identifier: Apache-2.0

import Control

/// What became of a backend so far: its deaths in a row and the last of them. A supervisor's own restart is no reason to
/// try a crash loop again from the beginning. Times are of the machine's monotonic clock, in milliseconds.
struct BackendPast: Codable {
    /// Why it is down for now.
    enum Pause: Codable, Equatable {
        /// `again`: something waits for its next start.
        case resting(until: Int64, again: Bool)
        case failed(until: Int64)
    }

    var policy = RestartPolicy()
    var pause: Pause?
    var lastExit: BackendExit?
    var lastFailure: String?
    var lastCause: ExitCause?
}

extension Backend {
    var past: BackendPast {
        var past = BackendPast(
            policy: lifecycle.policy, lastExit: lastExit, lastFailure: lastFailure, lastCause: lastCause)
        switch lifecycle.phase {
        case .resting(let again): past.pause = .resting(until: processDeadlines[.rest] ?? registry.now, again: again)
        case .failed(let until): past.pause = .failed(until: until)
        case .stopped, .starting, .ready, .stopping: break
        }
        return past
    }

    /// Takes over a predecessor's, before anything else happens to the backend.
    func restore(_ past: BackendPast) {
        lastExit = past.lastExit
        lastFailure = past.lastFailure
        lastCause = past.lastCause
        perform(lifecycle.adopt(past.policy, past.pause, now: registry.now))
    }
}

extension BackendLifecycle {
    /// It was brought to where it is under another supervisor.
    mutating func adopt(_ policy: RestartPolicy, _ pause: BackendPast.Pause?, now: Int64) -> [Order] {
        switch pause {
        case nil:
            adopt(policy)
            return []
        case .resting(let until, let again):
            adopt(policy, .resting(again: again))
            return [.arm(.rest, milliseconds: max(0, until - now))]
        case .failed(let until):
            adopt(policy, .failed(until: until))
            return []
        }
    }
}
