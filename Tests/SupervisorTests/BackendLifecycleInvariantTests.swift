// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

/// What must hold after any sequence of events: told by a model that performs the orders.
@Suite struct BackendLifecycleInvariantTests {
    /// The world around the machine: a process that is there or not, timers, and requests that wait.
    struct World {
        var machine = BackendLifecycle(startTimeout: 60_000, stopTimeout: 2000)
        var now: Int64 = 0
        var isRunning = false
        var armed: Set<BackendLifecycle.Timer> = []
        /// Something was asked for, and neither was it answered nor is the backend ready.
        var isOwed = false
        /// Whether the end of this process was told to whoever it was working for.
        var isReported = true
        /// What waits is still waiting, and asks again.
        private var asksAgain = false

        /// Whether an event can happen now.
        func allows(_ event: BackendLifecycle.Event) -> Bool {
            switch event {
            case .ended, .handshakeDone: isRunning
            case .timer(let timer): armed.contains(timer)
            case .needed, .stopAsked, .restartAsked: true
            }
        }

        mutating func take(_ event: BackendLifecycle.Event) {
            if case .needed = event { isOwed = true }
            if case .ended = event {
                isRunning = false
            }
            if case .timer(let timer) = event { armed.remove(timer) }
            for order in machine.handle(event, now: now) { perform(order) }
            if asksAgain { for order in machine.handle(.needed, now: now) { perform(order) } }
            asksAgain = false
            if machine.phase == .ready { isOwed = false }
        }

        private mutating func perform(_ order: BackendLifecycle.Order) {
            switch order {
            case .launch:
                #expect(!isRunning, "a second process was launched")
                #expect(isReported, "the end of the one before was never told")
                isRunning = true
                isReported = false
            case .arm(let timer, let milliseconds):
                #expect(milliseconds > 0)
                armed.insert(timer)
            case .disarm(let timer): armed.remove(timer)
            case .reportEnd(let mayReturn):
                #expect(!isReported, "an end was told twice")
                report(mayReturn)
            case .reportStop(let mayReturn): report(mayReturn)
            case .refuse: isOwed = false
            case .closeInput, .terminate, .kill: #expect(isRunning, "nothing is there to end")
            case .reportTimeout: break
            }
        }

        private mutating func report(_ mayReturn: Bool) {
            isReported = true
            if !mayReturn { isOwed = false }
            asksAgain = isOwed
        }

        func check() {
            #expect(armed == expectedTimers, "in \(machine.phase)")
            #expect(isRunning == expectsProcess, "in \(machine.phase)")
            #expect(isRunning || isReported, "in \(machine.phase)")
            if isOwed { #expect(leadsToAnAnswer, "a request was forgotten in \(machine.phase)") }
        }

        private var expectedTimers: Set<BackendLifecycle.Timer> {
            switch machine.phase {
            case .stopped, .ready, .failed: []
            case .starting: [.start]
            case .stopping: [.stop]
            case .resting: [.rest]
            }
        }

        private var expectsProcess: Bool {
            switch machine.phase {
            case .starting, .ready, .stopping: true
            case .stopped, .resting, .failed: false
            }
        }

        private var leadsToAnAnswer: Bool {
            switch machine.phase {
            case .starting, .ready, .stopping: true
            case .resting(let again): again
            case .stopped, .failed: false
            }
        }
    }

    static let events: [BackendLifecycle.Event] = [
        .needed, .needed, .handshakeDone, .handshakeDone, .ended, .stopAsked, .restartAsked, .timer(.start),
        .timer(.stop), .timer(.rest),
    ]

    @Test(arguments: 0..<8)
    func noSequenceOfEventsLeavesItStuckOrForgetsARequest(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        for _ in 0..<250 {
            var world = World()
            for _ in 0..<60 {
                let possible = BackendLifecycleInvariantTests.events.filter { world.allows($0) }
                guard let event = possible.randomElement(using: &chance) else { break }
                world.now += Int64.random(in: 0...20_000, using: &chance)
                world.take(event)
                world.check()
            }
        }
    }

    /// Events that cannot happen may still come: a timer that was on its way when it was disarmed.
    @Test(arguments: 0..<4)
    func lateEventsDoNoHarm(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var world = World()
        for _ in 0..<5000 {
            guard let event = BackendLifecycleInvariantTests.events.randomElement(using: &chance) else { return }
            if case .timer(let timer) = event, !world.armed.contains(timer) {
                let before = world.machine.phase
                let orders = world.machine.handle(event, now: world.now)
                let isStillIn = world.machine.phase == before
                #expect(orders.isEmpty && isStillIn, "\(event) in \(before)")
            } else if world.allows(event) {
                world.take(event)
            }
            world.check()
        }
    }
}
