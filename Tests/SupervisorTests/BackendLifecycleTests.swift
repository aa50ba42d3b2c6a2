// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

/// Every phase against every event.
@Suite struct BackendLifecycleTests {
    typealias Phase = BackendLifecycle.Phase
    typealias Order = BackendLifecycle.Order

    enum Place: CaseIterable {
        case stopped, starting, ready, closing, closingAgain, terminating, terminatingAgain, killing, killingAgain
        case resting, restingAgain, failed
    }

    enum Happening: CaseIterable {
        case needed, handshakeDone, ended, stopAsked, restartAsked, startTimer, stopTimer, restTimer

        var event: BackendLifecycle.Event {
            switch self {
            case .needed: .needed
            case .handshakeDone: .handshakeDone
            case .ended: .ended
            case .stopAsked: .stopAsked
            case .restartAsked: .restartAsked
            case .startTimer: .timer(.start)
            case .stopTimer: .timer(.stop)
            case .restTimer: .timer(.rest)
            }
        }
    }

    struct Outcome {
        let phase: Phase
        let orders: [Order]
        init(_ phase: Phase, _ orders: [Order]) {
            self.phase = phase
            self.orders = orders
        }
    }

    static let launch: [Order] = [.launch, .arm(.start, milliseconds: 60_000)]
    static let down: [Order] = [.disarm(.start), .disarm(.stop)]
    /// One that had served is waited for; one that never got that far has no use waiting for.
    static func death(served: Bool) -> [Order] {
        down + [.reportEnd(mayReturn: served), .arm(.rest, milliseconds: 200)]
    }

    static let next: [Order] = [.arm(.stop, milliseconds: 3000)]

    /// What has an effect. Anything else has none, and gives no orders.
    static let table: [Place: [Happening: Outcome]] = [
        .stopped: [.needed: Outcome(.starting, launch), .restartAsked: Outcome(.starting, launch)],
        .starting: [
            .handshakeDone: Outcome(.ready, [.disarm(.start)]),
            .ended: Outcome(.resting(again: false), death(served: false)),
            .stopAsked: Outcome(.stopping(.inputClosed, again: false), goodbye(mayReturn: false)),
            .restartAsked: Outcome(.stopping(.inputClosed, again: true), goodbye(mayReturn: true)),
            .startTimer: Outcome(.starting, [.reportTimeout, .kill, .arm(.start, milliseconds: 3000)]),
        ],
        .ready: [
            .ended: Outcome(.resting(again: false), death(served: true)),
            .stopAsked: Outcome(.stopping(.inputClosed, again: false), goodbye(mayReturn: false)),
            .restartAsked: Outcome(.stopping(.inputClosed, again: true), goodbye(mayReturn: true)),
        ],
        .closing: stopping(.inputClosed, next: .terminated, [.terminate] + next),
        .closingAgain: stoppingAgain(.inputClosed, next: .terminated, [.terminate] + next),
        .terminating: stopping(.terminated, next: .killed, [.kill] + next),
        .terminatingAgain: stoppingAgain(.terminated, next: .killed, [.kill] + next),
        .killing: stopping(.killed, next: .killed, [.kill] + next),
        .killingAgain: stoppingAgain(.killed, next: .killed, [.kill] + next),
        .resting: [
            .needed: Outcome(.resting(again: true), []),
            .stopAsked: Outcome(.stopped, [.disarm(.rest)]),
            .restartAsked: Outcome(.starting, [.disarm(.rest)] + launch),
            .restTimer: Outcome(.stopped, []),
        ],
        .restingAgain: [
            // Whoever waits for the next start is told that there will be none.
            .stopAsked: Outcome(.stopped, [.disarm(.rest), .reportStop(mayReturn: false)]),
            .restartAsked: Outcome(.starting, [.disarm(.rest)] + launch),
            .restTimer: Outcome(.starting, launch),
        ],
        .failed: [
            .needed: Outcome(.failed(until: 3_200), [.refuse]),
            .stopAsked: Outcome(.stopped, [.disarm(.rest)]),
            .restartAsked: Outcome(.starting, [.disarm(.rest)] + launch),
        ],
    ]

    static func goodbye(mayReturn: Bool) -> [Order] {
        [.disarm(.start), .reportStop(mayReturn: mayReturn), .closeInput, .arm(.stop, milliseconds: 2000)]
    }

    static func stopping(
        _ step: BackendLifecycle.StopStep, next: BackendLifecycle.StopStep, _ orders: [Order]
    ) -> [Happening: Outcome] {
        [
            .needed: Outcome(.stopping(step, again: true), []),
            .restartAsked: Outcome(.stopping(step, again: true), []),
            .ended: Outcome(.stopped, down),
            .stopTimer: Outcome(.stopping(next, again: false), orders),
        ]
    }

    static func stoppingAgain(
        _ step: BackendLifecycle.StopStep, next: BackendLifecycle.StopStep, _ orders: [Order]
    ) -> [Happening: Outcome] {
        [
            .stopAsked: Outcome(.stopping(step, again: false), [.reportStop(mayReturn: false)]),
            .ended: Outcome(.starting, down + launch),
            .stopTimer: Outcome(.stopping(next, again: true), orders),
        ]
    }

    /// A machine that got there by itself.
    func machine(at place: Place) -> BackendLifecycle {
        var machine = BackendLifecycle(startTimeout: 60_000, stopTimeout: 2000)
        for happening in BackendLifecycleTests.way(to: place) { _ = machine.handle(happening.event, now: 0) }
        return machine
    }

    static func way(to place: Place) -> [Happening] {
        switch place {
        case .stopped: []
        case .starting: [.needed]
        case .ready: [.needed, .handshakeDone]
        case .closing: [.needed, .stopAsked]
        case .closingAgain: [.needed, .restartAsked]
        case .terminating: way(to: .closing) + [.stopTimer]
        case .terminatingAgain: way(to: .closingAgain) + [.stopTimer]
        case .killing: way(to: .terminating) + [.stopTimer]
        case .killingAgain: way(to: .terminatingAgain) + [.stopTimer]
        case .resting: [.needed, .ended]
        case .restingAgain: [.needed, .ended, .needed]
        // Four deaths with a rest after each, then the fifth.
        case .failed:
            Array([[Happening]](repeating: [.needed, .ended, .restTimer], count: 4).joined()) + [.needed, .ended]
        }
    }

    @Test(arguments: Place.allCases, Happening.allCases)
    func everyEventInEveryPhaseDoesWhatTheTableSays(place: Place, happening: Happening) {
        var machine = machine(at: place)
        let before = machine.phase
        let orders = machine.handle(happening.event, now: 0)
        let expected = BackendLifecycleTests.table[place]?[happening] ?? Outcome(before, [])
        #expect(machine.phase == expected.phase)
        #expect(orders == expected.orders)
    }

    @Test func theTableNamesEveryPhase() {
        #expect(Set(BackendLifecycleTests.table.keys) == Set(Place.allCases))
    }

    @Test func aFailedBackendIsTriedAgainWhenItsPauseIsOver() {
        var machine = machine(at: .failed)
        #expect(machine.handle(.needed, now: 3_199) == [.refuse])
        #expect(machine.handle(.needed, now: 3_200) == BackendLifecycleTests.launch)
    }

    @Test func theFifthDeathOfACrashLoopIsReportedAsFinal() {
        var machine = machine(at: .stopped)
        for _ in 0..<4 {
            for happening in [Happening.needed, .ended, .restTimer] { _ = machine.handle(happening.event, now: 0) }
        }
        _ = machine.handle(.needed, now: 0)
        #expect(machine.handle(.ended, now: 7) == BackendLifecycleTests.down + [.reportEnd(mayReturn: false)])
        #expect(machine.phase == .failed(until: 3_207))
    }

    @Test func eachTryOfAFailedBackendThatFailsMakesThePauseLonger() {
        var machine = machine(at: .failed)
        var now: Int64 = 0
        for pause: Int64 in [3_200, 6_400, 12_800, 25_600, 30_000, 30_000] {
            #expect(machine.phase == .failed(until: now + pause))
            now += pause
            #expect(machine.handle(.needed, now: now) == BackendLifecycleTests.launch)
            #expect(machine.handle(.ended, now: now) == BackendLifecycleTests.down + [.reportEnd(mayReturn: false)])
        }
    }

    @Test func aTryThatServesForAMinuteEndsTheCrashLoop() {
        var machine = machine(at: .failed)
        let long: Int64 = 600_000
        _ = machine.handle(.needed, now: long)
        _ = machine.handle(.handshakeDone, now: long)
        #expect(machine.handle(.ended, now: long + 60_000) == BackendLifecycleTests.death(served: true))
    }

    @Test func aRestartByHandForgetsTheDeaths() {
        var machine = machine(at: .failed)
        _ = machine.handle(.restartAsked, now: 0)
        #expect(machine.handle(.ended, now: 0) == BackendLifecycleTests.death(served: false))
    }

    @Test func anEndThatWasAskedForIsNoDeath() {
        var machine = machine(at: .stopped)
        for _ in 0..<20 {
            for happening in [Happening.needed, .handshakeDone, .stopAsked, .ended] {
                _ = machine.handle(happening.event, now: 0)
            }
        }
        #expect(machine.phase == .stopped)
        #expect(machine.policy == RestartPolicy())
    }
}
