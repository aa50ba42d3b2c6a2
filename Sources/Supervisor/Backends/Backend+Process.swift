// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix

/// Performing the lifecycle's orders.
extension Backend {
    func needed() {
        // At our own end nothing is started again, whoever waits.
        guard !registry.isEnding else { return }
        wake()
        perform(lifecycle.handle(.needed, now: registry.now))
    }

    func stop() {
        // Whoever stops a backend that died has seen why.
        if process == nil { lastExit = nil }
        perform(lifecycle.handle(.stopAsked, now: registry.now))
    }

    func restart() { perform(lifecycle.handle(.restartAsked, now: registry.now)) }

    func perform(_ orders: [BackendLifecycle.Order]) {
        for order in orders { perform(order) }
        stateChanged()
    }

    private func perform(_ order: BackendLifecycle.Order) {
        switch order {
        case .launch: launch()
        case .closeInput:
            wake()
            process?.closeInput()
        case .terminate: terminate()
        case .kill: kill()
        case .arm(let timer, let milliseconds): arm(timer, milliseconds)
        case .disarm(let timer):
            processTimers[timer] = nil
            processDeadlines[timer] = nil
        case .reportEnd(let mayReturn): reportEnd(mayReturn: mayReturn)
        case .reportStop(let mayReturn): reportStop(mayReturn: mayReturn)
        case .refuse: refuse()
        case .reportTimeout: timedOut = true
        }
    }

    private func arm(_ timer: BackendLifecycle.Timer, _ milliseconds: Int64) {
        processDeadlines[timer] = registry.deadline(milliseconds: milliseconds)
        processTimers[timer] = registry.timer(milliseconds: milliseconds) { [unowned self] in
            processTimers[timer] = nil
            processDeadlines[timer] = nil
            perform(lifecycle.handle(.timer(timer), now: registry.now))
        }
    }

    /// Tells whoever waits for a state, and starts the clocks that depend on it.
    func stateChanged() {
        referencesChanged()
        keepWhileDown()
        let now = state
        resumeWaiting { $0 == now || ($0 == .ready && [.idle, .failed, .stopped].contains(now)) }
        registry.backendChanged(self)
    }

    private func resumeWaiting(_ isReached: (BackendState) -> Bool) {
        let reached = waitingForState.filter { isReached($0.0) }
        waitingForState.removeAll { isReached($0.0) }
        for (_, resume) in reached { resume() }
    }

    private func launch() {
        generation += 1
        if let last = lastExit, last.reason.known != .stopped { restarts += 1 }
        timedOut = false
        verdict = nil
        var order = launchOrder()
        let attempt = generation
        launching = attempt
        let unit = order.unit
        order.isWanted = { [unowned self] in launching == attempt }
        order.keep = { [unowned self] in keep(unit, pid: $0, input: $1, output: $2) }
        registry.log.info("starting \(order.command.first ?? "")", backend: id)
        registry.inBackground {
            do {
                let era = try await self.findEra()
                guard self.launching == attempt else { return }
                let launched = try await self.registry.launcher.launch(order)
                self.launched(launched, attempt: attempt, era: era)
            } catch {
                self.launchFailed("\(error)", attempt: attempt)
            }
        }
    }

    func launchOrder() -> LaunchOrder {
        let mark = Array("\(BackendMark.variable)=\(BackendMark(backend: id))".utf8)
        let project = Array("CLAUDE_PROJECT_DIR=\(key.repository)".utf8)
        let environment = key.environment + [mark] + (key.repository.isEmpty ? [] : [project])
        return LaunchOrder(
            identifier: id, unit: name.unit(nonce: registry.nonce()),
            description: "MCP backend \(id)", command: key.command, environment: environment,
            directory: directory.raw, umask: key.umask, limits: configuration.limits,
            killTimeout: BackendLifecycle.killTimeout)
    }

    private func launched(_ launched: LaunchedBackend, attempt: Int, era: BackendEra) {
        guard launching == attempt else { return discard(launched) }
        do {
            process = try BackendProcess(launched, backend: self, loop: registry.streams)
        } catch {
            return discard(launched) { self.launchFailed("\(error)", attempt: attempt) }
        }
        launching = nil
        startedAt = launched.started
        noticeKills()
        registry.log.info("started as process \(launched.pid)", backend: id, unit: launched.unit)
        if case .stopping(let step, _) = lifecycle.phase { return catchUp(with: step) }
        record?.change { $0.era = era }
        withMultiplexer { machine, now, actions in
            machine.backendStarted(generation: attempt, era: era, now: now, into: &actions)
        }
        // The session that wanted it may have gone meanwhile.
        referencesChanged()
    }

    /// It was stopped before it was there: what the stop has come to so far holds for it.
    private func catchUp(with step: BackendLifecycle.StopStep) {
        process?.closeInput()
        switch step {
        case .inputClosed: break
        case .terminated: terminate()
        case .killed: kill()
        }
    }

    /// It runs, but we cannot speak to it, or nobody waits for it any more.
    private func discard(_ launched: LaunchedBackend, then: @escaping () -> Void = {}) {
        registry.inBackground {
            await self.registry.launcher.kill(launched)
            await self.registry.loop.untilReadable(launched.child.descriptor)
            _ = launched.child.reap()
            await self.registry.launcher.cleanUp(launched)
            then()
        }
    }

    private func launchFailed(_ reason: String, attempt: Int) {
        guard launching == attempt else { return }
        launching = nil
        forgetRecord()
        lastFailure = reason
        lastCause = nil
        lastExit = BackendExit(reason: .exit, status: 127, at: Clock.rfc3339(Clock.wallSeconds()), stderrTail: [reason])
        registry.log.error("could not be started: \(reason)", backend: id)
        isDown()
    }

    /// Whoever waits is not kept waiting for a launcher that does not answer (a service manager that hangs). What comes
    /// of the launch after all is ended at once.
    private func giveUpLaunch(_ attempt: Int) {
        guard timedOut else { return launchFailed("it was stopped", attempt: attempt) }
        let hindrance =
            registry.launcher.kind == .systemd
            ? "systemd has not made its scope (see systemctl --user list-jobs)" : "its program does not run"
        let limit = ExitCause.within(lifecycle.startTimeout)
        launchFailed("\(hindrance) \(limit), which is start_timeout", attempt: attempt)
    }

    func isDown() {
        perform(lifecycle.handle(.ended, now: registry.now))
        // If only for a moment: something may have been waiting for its return.
        resumeWaiting { $0 == .stopped }
    }

    private func terminate() {
        guard let process else { return }
        registry.inBackground { await self.registry.launcher.terminate(process.launched) }
    }

    func kill() {
        guard let process else {
            // After the turn: the machine is still performing what this is one of.
            if let launching { registry.inBackground { self.giveUpLaunch(launching) } }
            return
        }
        registry.inBackground { await self.registry.launcher.kill(process.launched) }
    }

    /// The process has ended: find out why, clean up behind it, then say so.
    func processEnded(_ ended: BackendProcess, _ how: ProcessEnd) {
        registry.launcher.examine(ended.launched)
        registry.inBackground {
            let how = how == .unknown ? await self.registry.loop.end(ofForeign: ended.launched.child) : how
            let stopping = if case .stopping = self.lifecycle.phase { true } else { false }
            var cause = await self.registry.launcher.cause(of: how, ended.launched)
            if self.timedOut {
                cause = ExitCause(reason: .timeout, status: cause.status, patience: self.lifecycle.startTimeout)
            }
            if stopping { cause.reason = .stopped }
            await self.registry.launcher.cleanUp(ended.launched)
            let unexpected = cause.reason != .stopped
            let lines =
                unexpected
                ? await self.registry.launcher.lastLines(of: self.id, unit: ended.launched.unit, count: 10) : []
            self.ended(ended, cause, lines)
        }
    }

    private func ended(_ ended: BackendProcess, _ cause: ExitCause, _ lines: [String]) {
        guard process === ended else { return }
        sleepIsOver()
        process = nil
        forgetRecord()
        startedAt = nil
        reviewBacklogs()
        note(cause, lines, unit: ended.launched.unit)
        isDown()
    }

    /// For whoever asks why it is down.
    func note(_ cause: ExitCause, _ lines: [String], unit: String?) {
        lastExit = BackendExit(
            reason: cause.reason, status: cause.status, at: Clock.rfc3339(Clock.wallSeconds()), stderrTail: lines,
            shortage: cause.shortage, limitBytes: cause.limit, peakBytes: cause.peak)
        lastFailure = verdict ?? cause.clause
        lastCause = cause
        registry.log.death(cause, backend: id, unit: unit)
    }

    /// Its stdin or stdout is closed: nothing can be asked or answered any more. Mostly it is dying, and its own end tells
    /// why; what lives on without ears or voice is ended.
    func streamClosed(_ name: String) {
        if case .stopping = lifecycle.phase { return }
        let mute = process
        outputClock = registry.timer(milliseconds: Backend.outputPatience) { [unowned self] in
            outputClock = nil
            guard let mute, process === mute, mute.end == nil else { return }
            verdict = "closed its \(name) and was stopped"
            kill()
        }
    }
}

/// Telling sessions what became of the process.
extension Backend {
    private func reportEnd(mayReturn: Bool) { report(backendEnd(mayReturn: mayReturn)) }

    private func reportStop(mayReturn: Bool) {
        report(BackendEnd(message: "backend \(id) was stopped", reason: "stopped", willRestart: mayReturn))
    }

    /// A crash loop: whoever asks now is told at once.
    private func refuse() { report(backendEnd(mayReturn: false)) }

    /// The machine answers whom it knows. A call that waits for the next process goes on waiting only if one comes.
    private func report(_ end: BackendEnd) {
        withMultiplexer { machine, now, actions in machine.backendEnded(end, now: now, into: &actions) }
        guard !end.willRestart else { return }
        let calls = waitingCalls
        waitingCalls = [:]
        for (_, resume) in calls.sorted(by: { $0.key < $1.key }) { resume(.failed(end.message)) }
    }

    private func backendEnd(mayReturn: Bool) -> BackendEnd {
        let what = lastFailure ?? "ended"
        var message = lastCause == nil ? "backend \(id) could not be started: \(what)" : "backend \(id) \(what)"
        let tail = lastExit?.stderrTail ?? []
        if lastExit?.reason.known != .oom, lastExit?.reason.known != .stopped, let line = tail.last, lastCause != nil {
            message += "; its last words: \(line.prefix(200))"
        }
        if let advice = lastCause?.advice(id) { message += "; \(advice)" }
        if case .failed(let until) = lifecycle.phase {
            // Rounded up: whoever waits as long as it says is served.
            let seconds = (max(0, until - registry.now) + 999) / 1000
            message +=
                "; it died repeatedly and is not started again before \(seconds) s are over "
                + "(at once with: mcpctl restart \(id))"
        }
        var data = JSONObject()
        data["stderr"] = tail.isEmpty ? nil : .array(tail.map { .string($0) })
        if let limit = lastCause?.limit { data["limit_bytes"] = .int(limit) }
        if let peak = lastCause?.peak { data["peak_bytes"] = .int(peak) }
        return BackendEnd(message: message, reason: reasonCode, willRestart: mayReturn, data: data)
    }

    private var reasonCode: String {
        guard lastCause != nil, let reason = lastExit?.reason.known else { return "start_failed" }
        switch reason {
        case .oom: return "oom"
        case .stopped: return "stopped"
        case .timeout: return "start_timeout"
        case .exit, .signal, .limit, .unknown: return "backend_exit"
        }
    }
}
