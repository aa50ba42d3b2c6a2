// SPDX-License-Identifier: Apache-2.0

/// Which of systemd's jobs somebody waits for. The manager announces the end of every job of every client; the answer
/// to our call tells which is ours, and it may, at least in theory, come second.
struct JobTable {
    enum Outcome: Equatable, Sendable {
        case ended(String)
        case timedOut
        case disconnected
    }

    private enum State {
        case expected
        case awaited((Outcome) -> Void)
        case finished(Outcome)
    }

    private var states: [String: State] = [:]
    private var early: [String: String] = [:]
    private var unanswered = 0

    /// A call is sent that will be answered with a job's path.
    mutating func callSent() { unanswered += 1 }

    /// It was answered, with a path or with an error.
    mutating func callAnswered(_ path: String?) {
        unanswered -= 1
        if let path {
            states[path] = early[path].map { .finished(.ended($0)) } ?? .expected
        }
        if unanswered == 0 { early.removeAll() }
    }

    /// The manager announced the end of a job.
    mutating func ended(_ path: String, result: String) {
        guard states[path] != nil else {
            if unanswered > 0 { early[path] = result }
            return
        }
        finish(path, .ended(result))
    }

    /// Calls back at the end of an answered job, perhaps at once.
    mutating func wait(_ path: String, _ handler: @escaping (Outcome) -> Void) {
        guard case .finished(let outcome) = states[path] else {
            states[path] = .awaited(handler)
            return
        }
        states[path] = nil
        handler(outcome)
    }

    /// Ends the wait for a job that takes too long.
    mutating func timedOut(_ path: String) {
        if states[path] != nil { finish(path, .timedOut) }
    }

    /// Ends all waits.
    mutating func disconnect() {
        for path in Array(states.keys) { finish(path, .disconnected) }
    }

    private mutating func finish(_ path: String, _ outcome: Outcome) {
        switch states[path] {
        case .awaited(let handler):
            states[path] = nil
            handler(outcome)
        case .expected: states[path] = .finished(outcome)
        case .finished, nil: break
        }
    }
}
