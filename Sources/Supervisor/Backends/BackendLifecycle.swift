// SPDX-License-Identifier: Apache-2.0

import Control

/// A backend's life as a machine: events in, orders out. It knows no process, no clock and no message.
struct BackendLifecycle: Sendable {
    /// How far a stop has come.
    enum StopStep: Sendable { case inputClosed, terminated, killed }

    enum Phase: Sendable, Equatable {
        case stopped
        case starting
        case ready
        /// `again`: something waits for the next start.
        case stopping(StopStep, again: Bool)
        /// Died, and not allowed to start before the back-off timer. `again` as above.
        case resting(again: Bool)
        /// A crash loop. Requests are refused until the given time, then one more start is tried.
        case failed(until: Int64)
    }

    enum Event: Sendable {
        /// A request, a hold or a user needs it to run.
        case needed
        case handshakeDone
        /// Its process has ended, or could not be started.
        case ended
        case stopAsked
        /// By hand: also ends a crash loop's pause.
        case restartAsked
        case timer(Timer)
    }

    enum Timer: Hashable, Sendable { case start, stop, rest }

    enum Order: Sendable, Equatable {
        case launch
        /// Close its stdin: the protocol's own way to say goodbye.
        case closeInput
        case terminate
        case kill
        case arm(Timer, milliseconds: Int64)
        case disarm(Timer)
        /// It is down. What it was working on is answered with the reason; so is what waits, unless it `mayReturn`.
        case reportEnd(mayReturn: Bool)
        /// It is being stopped: from now on nothing reaches it. What comes later waits for the next start.
        case reportStop(mayReturn: Bool)
        /// Nothing was started: tell whoever needs it why not.
        case refuse
        /// It did not get through its handshake in time.
        case reportTimeout
    }

    /// From SIGTERM to SIGKILL, and from one SIGKILL to the next.
    static let killTimeout: Int64 = 3_000

    private(set) var phase = Phase.stopped
    private(set) var policy = RestartPolicy()
    /// When it got through its handshake.
    private(set) var readySince: Int64?
    /// Milliseconds; a new one holds from the next start, or stop.
    var startTimeout: Int64
    var stopTimeout: Int64

    /// - Parameters:
    ///   - startTimeout: milliseconds from the launch to the end of the handshake.
    ///   - stopTimeout: milliseconds from the closed stdin to SIGTERM.
    init(startTimeout: Int64, stopTimeout: Int64) {
        self.startTimeout = startTimeout
        self.stopTimeout = stopTimeout
    }

    /// It runs already, started by another supervisor.
    ///
    /// - Parameter since: when it got through its handshake; `nil`: it has not.
    mutating func adopt(readySince since: Int64?) -> [Order] {
        readySince = since
        phase = since != nil ? .ready : .starting
        return since != nil ? [] : [.arm(.start, milliseconds: startTimeout)]
    }

    /// Its deaths under another supervisor, and where it stands since.
    mutating func adopt(_ policy: RestartPolicy, _ phase: Phase = .stopped) {
        self.policy = policy
        self.phase = phase
    }

    mutating func handle(_ event: Event, now: Int64) -> [Order] {
        switch event {
        case .needed: needed(now)
        case .handshakeDone: handshakeDone(now)
        case .ended: ended(now)
        case .stopAsked: stop(again: false)
        case .restartAsked: restart()
        case .timer(let timer): fired(timer)
        }
    }

    private mutating func launch() -> [Order] {
        phase = .starting
        return [.launch, .arm(.start, milliseconds: startTimeout)]
    }

    private mutating func needed(_ now: Int64) -> [Order] {
        switch phase {
        case .stopped: return launch()
        case .starting, .ready: return []
        case .stopping(let step, _):
            phase = .stopping(step, again: true)
            return []
        case .resting:
            phase = .resting(again: true)
            return []
        case .failed(let until): return now >= until ? launch() : [.refuse]
        }
    }

    private mutating func handshakeDone(_ now: Int64) -> [Order] {
        guard phase == .starting else { return [] }
        phase = .ready
        readySince = now
        return [.disarm(.start)]
    }

    private mutating func ended(_ now: Int64) -> [Order] {
        let timers: [Order] = [.disarm(.start), .disarm(.stop)]
        switch phase {
        case .stopped, .resting, .failed: return []
        case .stopping(_, let again):
            phase = .stopped
            return timers + (again ? launch() : [])
        case .starting, .ready:
            // A start that failed answers whoever waits for it; a backend that served is waited for.
            let hadServed = phase == .ready
            switch policy.died(at: now, served: hadServed ? now - (readySince ?? now) : 0) {
            case .after(let delay):
                phase = .resting(again: false)
                return timers + [.reportEnd(mayReturn: hadServed), .arm(.rest, milliseconds: delay)]
            case .crashLoop(let pause):
                phase = .failed(until: now + pause)
                return timers + [.reportEnd(mayReturn: false)]
            }
        }
    }

    private mutating func stop(again: Bool) -> [Order] {
        switch phase {
        case .starting, .ready:
            phase = .stopping(.inputClosed, again: again)
            return [
                .disarm(.start), .reportStop(mayReturn: again), .closeInput, .arm(.stop, milliseconds: stopTimeout),
            ]
        case .stopping(let step, let awaited):
            phase = .stopping(step, again: again)
            return awaited && !again ? [.reportStop(mayReturn: false)] : []
        case .resting(let awaited):
            phase = .stopped
            return [.disarm(.rest)] + (awaited ? [.reportStop(mayReturn: false)] : [])
        case .failed:
            phase = .stopped
            return [.disarm(.rest)]
        case .stopped: return []
        }
    }

    private mutating func restart() -> [Order] {
        policy.forgive()
        switch phase {
        case .starting, .ready, .stopping: return stop(again: true)
        case .stopped: return launch()
        case .resting, .failed: return [.disarm(.rest)] + launch()
        }
    }

    private mutating func fired(_ timer: Timer) -> [Order] {
        switch (timer, phase) {
        case (.start, .starting):
            // Armed again: a process that is still being launched cannot be killed yet.
            return [.reportTimeout, .kill, .arm(.start, milliseconds: BackendLifecycle.killTimeout)]
        case (.stop, .stopping(.inputClosed, let again)):
            phase = .stopping(.terminated, again: again)
            return [.terminate, .arm(.stop, milliseconds: BackendLifecycle.killTimeout)]
        case (.stop, .stopping(.terminated, let again)), (.stop, .stopping(.killed, let again)):
            phase = .stopping(.killed, again: again)
            return [.kill, .arm(.stop, milliseconds: BackendLifecycle.killTimeout)]
        case (.rest, .resting(let again)):
            phase = .stopped
            return again ? launch() : []
        default: return []
        }
    }
}
