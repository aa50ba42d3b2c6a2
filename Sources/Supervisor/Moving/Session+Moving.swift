// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import Systemd

/// A session that called one of `private_tools` gets a backend of its own. What is to be done with its messages
/// meanwhile is the machines' affair; this brings the other backend up and changes over.
extension Session {
    /// Where its lines go first. The machine that it leaves knows which of them are its own, and hands the others on.
    var entrance: Backend? { leaving ?? backend }

    /// Its machine wants it to have another backend.
    func move() {
        guard let backend, destination == nil else { return }
        let target: Backend
        do {
            let directory = try backend.directory.duplicate()
            target = registry.backend(for: backend.key.moved(identity), directory: directory)
        } catch {
            return stay(because: "\(error)")
        }
        destination = target
        target.sessions[id] = self
        let resume = backend.multiplexer.wholeResume(of: id)
        let question = backend.multiplexer.nextQuestion
        target.withMultiplexer { machine, now, actions in
            machine.arrive(id, resume: resume, question: question, now: now, into: &actions)
        }
        registry.log.info("session \(id) needs a backend of its own: starting \(target.id)", backend: backend.id)
        target.needed()
        guard !target.multiplexer.isReady, !target.isRefusing else { return settleMoveLater(target) }
        target.waitingForState.append((.ready, { [weak self] in self?.settleMoveLater(target) }))
    }

    /// After the turn: the backend may still be at its own steps, such as the calls of `on_start`.
    private func settleMoveLater(_ target: Backend) {
        registry.loop.afterDispatch { [weak self] in
            guard let self, destination === target else { return }
            if target.multiplexer.isReady { changeOver(to: target) } else { stay(because: target.failureInWords) }
        }
    }

    private func changeOver(to target: Backend) {
        guard let old = backend else { return }
        destination = nil
        leaving = old
        backend = target
        key = target.key
        let resume = old.multiplexer.wholeResume(of: id)
        target.withMultiplexer { machine, now, actions in
            machine.catchUp(id, resume: resume, now: now, into: &actions)
        }
        // The shim is told before the other backend is sent anything: a successor of ours must find the session there.
        machineChanged()
        tellPace()
        registry.log.notice("session \(id) moved to \(target.id)", backend: old.id)
        registry.events.report(
            "session", backend: target.id, session: "\(id)", text: "session \(id) moved from \(old.id) to \(target.id)")
        old.withMultiplexer { machine, now, actions in machine.moved(id, now: now, into: &actions) }
        searchAnew()
    }

    /// The other backend cannot be had.
    private func stay(because reason: String) {
        giveUpMove()
        registry.log.warning("session \(id) cannot have a backend of its own: \(reason)", backend: backend?.id)
        let text =
            "This tool changes what all sessions of \(facts.server) share, so it needs a server of this session's own "
            + "(private_tools of mcp-supervisor), and that could not be started: \(reason). The call was not made; the "
            + "session goes on with the shared server."
        backend?.withMultiplexer { machine, now, actions in
            machine.stays(id, reason: text, now: now, into: &actions)
        }
    }

    /// Nobody else can want the backend that was to be its own.
    func giveUpMove() {
        guard let target = destination else { return }
        destination = nil
        leave(target)
        target.stop()
    }

    /// The backend that it moved away from owes it nothing any more.
    func left(_ old: Backend) {
        guard leaving === old else { return }
        leaving = nil
        old.sessions[id] = nil
        old.referencesChanged()
        old.pausedSessions.removeAll { $0 == id }
        backlogIsOver()
        guard inputIsOver else { return }
        backend?.withMultiplexer { machine, now, actions in machine.inputEnded(id, now: now, into: &actions) }
    }
}

/// A move outlives the supervisor.
extension Session {
    private static let mark = Array("moved;".utf8)

    /// What the shim keeps says that the session has a backend of its own.
    func movedResume(_ value: [UInt8]) -> [UInt8] { backend?.key.isMoved == true ? Self.mark + value : value }

    static func takeMoved(_ resume: [UInt8]?) -> (isMoved: Bool, rest: [UInt8]?) {
        guard let resume, resume.starts(with: mark) else { return (false, resume) }
        return (true, Array(resume.dropFirst(mark.count)))
    }

    /// Takes up what our predecessor had begun.
    ///
    /// - Parameter old: the backend that it moved away from, if that still owes it something.
    func goOnMoving(from old: Backend?) {
        if let old {
            leaving = old
            old.sessions[id] = self
            old.noLongerAwaited(id)
        }
        if backend?.multiplexer.isMoving(id) == true { move() }
    }
}

extension Backend {
    /// It died repeatedly, and is not started for now.
    fileprivate var isRefusing: Bool { if case .failed = lifecycle.phase { true } else { false } }

    fileprivate var failureInWords: String {
        let tail = lastExit?.stderrTail.last.map { "; its last words: \($0.prefix(200))" } ?? ""
        return "\(id) \(lastFailure ?? "was stopped")\(lastCause == nil ? "" : tail)"
    }
}
