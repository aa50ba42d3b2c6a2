// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import Systemd

/// What became of a call that mcpctl made.
enum CallOutcome {
    /// The backend's answer: a JSON-RPC response.
    case answered(JSONValue)
    case failed(String)
}

/// The message path: lines into the machine, its actions out.
extension Backend {
    /// Gives the machine an event and performs what it wants done.
    @discardableResult
    func withMultiplexer(_ event: (inout Multiplexer, Int64, inout Actions) -> Void) -> Figures {
        // The machine's actions may lead to further events (a write finds its reader gone): these get a list of
        // their own, and the outer one is performed to its end.
        var list = Actions()
        swap(&list, &actions)
        let now = registry.now
        let books = process?.books
        let figures = Backend.give(event, to: &multiplexer, books?.unclaimedRevision, now, &list)
        // Before the lines leave, and before an event within them may have noted a later one. No request is noted with an
        // id that a successor would give again.
        books?.note(lastID: figures.lastRequestID)
        if let unclaimed = figures.unclaimed { books?.note(unclaimed) }
        noteRequests(list)
        var settled = 0
        for index in list.list.indices {
            perform(list.list[index], list, now)
            settle(list, &settled, until: index)
        }
        settle(list, &settled, until: list.list.count)
        list.removeAll()
        swap(&list, &actions)
        reviewBacklogs()
        if figures.wasIdle != figures.isIdle { referencesChanged() }
        return figures
    }

    /// What is asked of the machine at every event. It is asked where it lies: to read a property of it from outside its
    /// module would copy it, with all its tables.
    struct Figures {
        /// Whether nothing was under way before the event, and after it.
        let wasIdle: Bool
        let isIdle: Bool
        let lastRequestID: UInt64
        /// What the books do not know yet.
        let unclaimed: Unclaimed?
        let now: Int64
    }

    private static func give(
        _ event: (inout Multiplexer, Int64, inout Actions) -> Void, to machine: inout Multiplexer,
        _ revision: Int?, _ now: Int64, _ actions: inout Actions
    ) -> Figures {
        let wasIdle = machine.inFlight == 0
        event(&machine, now, &actions)
        let isKnown = revision == nil || revision == machine.unclaimedRevision
        return Figures(
            wasIdle: wasIdle, isIdle: machine.inFlight == 0, lastRequestID: machine.lastRequestID,
            unclaimed: isKnown ? nil : Unclaimed(of: machine), now: now)
    }

    /// Tells the books what is owed, and where it is to be taken back if we are killed.
    private func noteRequests(_ list: borrowing Actions) {
        for request in list.opened {
            let session = sessions[request.session]
            session?.opened(request.id)
            if request.request > 0 { session?.sent(request.id, as: request.request, to: process) }
        }
        for request in list.sent { sessions[request.session]?.sent(request.id, as: request.request, to: process) }
        for request in list.asked { process?.books?.asked(request.request, token: request.token) }
    }

    /// Tells the books what the line just sent has answered, and what gets no answer.
    private func settle(_ list: borrowing Actions, _ next: inout Int, until index: Int) {
        while next < list.settled.count, (list.settled[next].line ?? index) <= index {
            let request = list.settled[next]
            next += 1
            guard let session = sessions[request.session] else { continue }
            if request.line == nil { session.dropped(request.id) } else { session.answered(request.id) }
        }
    }

    func receive(_ line: Span<UInt8>, from session: SessionID) {
        var queued = 0
        withMultiplexer { machine, now, actions in
            machine.receive(line, from: session, now: now, into: &actions)
            queued = machine.queuedBytes(of: session)
        }
        checkBacklog(of: session, queued: queued)
    }

    func receiveFromProcess(_ line: Span<UInt8>) {
        let figures = withMultiplexer { machine, now, actions in
            if machine.wantsChance { machine.give(chance: Backend.chance()) }
            machine.receiveFromBackend(line, now: now, into: &actions)
        }
        if figures.isIdle { lastUse = figures.now }
    }

    /// For handles that nobody can guess.
    private static func chance() -> [UInt64] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in generator.next() }
    }

    func receiveOversizeFromProcess(beginning: Span<UInt8>, length: Int) {
        withMultiplexer { machine, now, actions in
            machine.receiveOversizeFromBackend(prefix: beginning, length: length, now: now, into: &actions)
        }
    }

    private func perform(_ action: Actions.Action, _ list: borrowing Actions, _ now: Int64) {
        switch action {
        case .toBackend(let session, let range): send(list.bytes[range], of: session, now)
        case .toSession(let session, let range): sessions[session]?.send(list.bytes[range])
        case .startBackend: needed()
        case .arm(let timer, let milliseconds): armMessageTimer(timer, Int64(milliseconds))
        case .disarm(let timer):
            messageTimers[timer] = nil
            messageDeadlines[timer] = nil
        case .move(let session): sessions[session]?.move()
        case .stay(let session): sessions[session]?.giveUpMove()
        case .handOn(let session, let range): sessions[session]?.backend?.receive(list.bytes[range].span, from: session)
        case .left(let session): sessions[session]?.left(self)
        case .endSession(let session, let reason): sessions[session]?.end(reason)
        case .sessionChanged(let session): sessions[session]?.machineChanged()
        case .snapshotChanged:
            tools.mayHaveChanged()
            noteSnapshot()
            comparePins()
            registry.snapshots.store(multiplexer.snapshot, for: key, profile: profile)
        case .log(let level, let text): registry.log.write(level, text, backend: id, unit: process?.launched.unit)
        case .ready: handshakeDone()
        case .startFailed(let reason): handshakeFailed(reason)
        case .reply(let token, let range): replied(token, list.bytes[range])
        }
    }

    private func send(_ bytes: ArraySlice<UInt8>, of session: SessionID?, _ now: Int64) {
        lastUse = now
        wake()
        process?.send(bytes, of: session)
    }

    func armMessageTimer(_ timer: MultiplexerTimer, _ milliseconds: Int64) {
        messageDeadlines[timer] = registry.deadline(milliseconds: milliseconds)
        messageTimers[timer] = registry.timer(milliseconds: milliseconds) { [unowned self] in
            messageTimers[timer] = nil
            messageDeadlines[timer] = nil
            if timer == .handshake { timedOut = true }
            withMultiplexer { machine, now, actions in machine.timer(timer, now: now, into: &actions) }
        }
    }

    private func handshakeDone() {
        perform(lifecycle.handle(.handshakeDone, now: registry.now))
        noteDeparture()
        armSleepClock()
        record?.change {
            $0.isReady = true
            $0.readySince = lifecycle.readySince
        }
        noteSnapshot()
        // The others' machine does that by itself; this one only passes on what its client says.
        guard key.share == .session else { return }
        for call in configuration.server.onStart {
            let arguments = try? JSONValue(parsing: call.arguments)
            self.call(tool: call.tool, arguments: arguments) { [registry, id] outcome in
                if case .failed(let reason) = outcome {
                    registry.log.warning("on_start call \(call.tool) failed: \(reason)", backend: id)
                }
            }
        }
    }

    /// It does not answer as an MCP server does, and is of no use. That counts as a death of its own making.
    private func handshakeFailed(_ reason: String) {
        // Two clocks run for a start, and the first one to ring has the word.
        guard !timedOut else { return kill() }
        verdict = "was stopped: \(reason)"
        registry.log.error("handshake failed: \(reason)", backend: id)
        kill()
    }
}

/// Calls that do not come from a session.
extension Backend {
    func call(tool: String, arguments: JSONValue?, _ resume: @escaping (CallOutcome) -> Void) {
        nextCall += 1
        let token = nextCall
        waitingCalls[token] = resume
        withMultiplexer { machine, now, actions in
            machine.call(tool: tool, arguments: arguments, token: token, now: now, into: &actions)
        }
    }

    func request(_ method: String, _ parameters: JSONValue?, _ resume: @escaping (CallOutcome) -> Void) {
        nextCall += 1
        let token = nextCall
        waitingCalls[token] = resume
        withMultiplexer { machine, now, actions in
            machine.request(method: method, params: parameters, token: token, now: now, into: &actions)
        }
    }

    private func replied(_ token: UInt64, _ bytes: ArraySlice<UInt8>) {
        process?.books?.answered(token: token)
        guard let resume = waitingCalls.removeValue(forKey: token) else { return }
        if let answer = try? JSONValue(parsing: Array(bytes)) {
            resume(.answered(answer))
        } else {
            resume(.failed("backend \(id) answered with something that is not JSON"))
        }
        referencesChanged()
    }
}
