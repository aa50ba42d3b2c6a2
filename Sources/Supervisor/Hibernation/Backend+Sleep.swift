// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix

/// Performing the sleep's orders.
extension Backend {
    /// Whether it may be put to sleep: it serves, and nothing is under way. Sessions may be attached.
    var maySleep: Bool {
        lifecycle.phase == .ready && process?.end == nil && process != nil && hibernation.phase == .awake
            && multiplexer.inFlight == 0 && waitingCalls.isEmpty
    }

    /// Freezes it and gives its memory back.
    func sleep() {
        guard maySleep else { return }
        perform(hibernation.handle(.sleepAsked))
    }

    /// Something is for it: thaws it if it sleeps.
    func wake() {
        guard hibernation.phase != .awake else { return }
        perform(hibernation.handle(.needed))
    }

    /// Its process is gone: its sleep with it.
    func sleepIsOver() {
        perform(hibernation.handle(.ended))
        nap = nil
        sleepClock = nil
        // Of the process that could not be frozen; the next one may be.
        sleepFailure = nil
        // A freeze or thaw that was under way tells nobody any more.
        sleepSettled()
    }

    /// To be called when a backend is taken over that another supervisor may have put to sleep: it goes on sleeping.
    ///
    /// - Parameter nap: what that one knew of its sleep.
    func adoptSleep(_ nap: Nap?) {
        guard let process, process.end == nil, registry.launcher.isFrozen(process.launched) else { return }
        process.launched.isFrozen = true
        hibernation = .found
        self.nap = nap ?? Nap(since: Clock.wallSeconds())
    }

    /// To be called once it is taken over: a reclaim that its predecessor did not finish is gone on with.
    func goOnSleeping() {
        guard let process, hibernation.phase == .asleep, nap?.reclaimed == nil else { return }
        reclaim(process)
    }

    /// It was taken over asleep, and nothing was asked of it so as not to wake it.
    private func askWhatWasLeftOut() {
        withMultiplexer { machine, now, actions in machine.backendWoke(now: now, into: &actions) }
    }

    private func perform(_ orders: [Hibernation.Order]) {
        for order in orders { perform(order) }
    }

    private func perform(_ order: Hibernation.Order) {
        guard let process else { return }
        switch order {
        case .freeze: freeze(process)
        case .thaw: thaw(process)
        case .reclaim: reclaim(process)
        case .kill:
            verdict = "could not be thawed and was killed"
            kill()
        }
    }

    private func freeze(_ process: BackendProcess) {
        registry.inBackground {
            do throws(LaunchError) {
                try await self.registry.launcher.freeze(process.launched)
                self.step(process, .frozen)
            } catch {
                self.registry.log.warning("\(error), ignoring", backend: self.id, unit: process.launched.unit)
                self.sleepFailure = "\(error)"
                self.step(process, .freezeFailed)
            }
        }
    }

    private func thaw(_ process: BackendProcess) {
        registry.inBackground {
            do throws(LaunchError) {
                try await self.registry.launcher.thaw(process.launched)
                self.nap = nil
                self.record?.change { $0.nap = nil }
                self.step(process, .thawed)
                self.askWhatWasLeftOut()
                // Whoever woke it, by hand too, or could not freeze it: it is awake for as long as after a message.
                self.lastUse = self.registry.now
                self.armSleepClock()
            } catch {
                self.registry.log.error("\(error)", backend: self.id, unit: process.launched.unit)
                self.step(process, .thawFailed)
            }
            self.sleepSettled()
        }
    }

    private func reclaim(_ process: BackendProcess) {
        nap = Nap(since: nap?.since ?? Clock.wallSeconds())
        record?.change { $0.nap = nap }
        sleepFailure = nil
        stateChanged()
        registry.inBackground {
            let got = await self.registry.launcher.reclaim(process.launched) { self.hibernation.phase == .asleep }
            if self.hibernation.phase == .asleep, self.process === process {
                self.nap?.reclaimed = got
                self.record?.change { $0.nap = self.nap }
                let text = "hibernated, \(ByteSize.text(got.bytes)) given back"
                let note = got.note.map { "; \($0)" } ?? ""
                self.registry.log.info(text + note, backend: self.id, unit: process.launched.unit)
            }
            self.sleepSettled()
        }
    }

    private func step(_ process: BackendProcess, _ event: Hibernation.Event) {
        guard self.process === process else { return }
        perform(hibernation.handle(event))
        stateChanged()
    }

    /// Whoever waits for it to sleep, or to be awake, may look again.
    private func sleepSettled() {
        let waiting = waitingForSleep
        waitingForSleep = []
        for resume in waiting { resume() }
    }

    /// Milliseconds between two looks at whether it may sleep, at least.
    private static let shortestNap: Int64 = 1_000

    /// Starts the clock after which an idle backend is put to sleep. It is not touched by messages: it looks at the
    /// time of the last one when it fires.
    func armSleepClock() {
        guard configuration.hibernateAfter != TimeSpan.forever, lifecycle.phase == .ready else {
            sleepClock = nil
            return
        }
        let rest = lastUse + configuration.hibernateAfter - registry.now
        let isBusy = multiplexer.inFlight > 0
        // What is due and cannot be done yet is looked at again in a while, not at once and for ever.
        let patience = max(Backend.shortestNap, isBusy ? configuration.hibernateAfter : rest)
        sleepClock = registry.timer(milliseconds: patience) { [unowned self] in
            sleepClock = nil
            if maySleep, registry.now - lastUse >= configuration.hibernateAfter { return sleep() }
            if hibernation.phase == .awake { armSleepClock() }
        }
    }
}

/// A sleep, for `status`.
struct Nap: Codable {
    /// Seconds since 1970.
    let since: Int64
    /// `nil` until the reclaiming is over.
    var reclaimed: Reclaimed?
}
