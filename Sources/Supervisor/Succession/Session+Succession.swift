// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// What a session takes from the last supervisor, and leaves to the next.
extension Session {
    /// Whom a successor has to expect.
    var known: HandedBackend.Session {
        HandedBackend.Session(id: id.raw, identity: "\(identity)", pid: facts.pid)
    }

    /// The same, with all that is under way.
    var handed: HandedBackend.Session {
        var session = known
        session.state = HandedSession.SessionState(metaTools: metaTools)
        return session
    }

    /// Goes on where a predecessor's session was; false when nothing of it is here.
    func takeOver(_ backend: Backend, _ resume: [UInt8]?) -> Bool {
        guard let handed = registry.handedSessions[identity], handed.backend === backend else { return false }
        registry.handedSessions[identity] = nil
        guard let state = handed.state else {
            // The process is the same, and the predecessor was killed.
            backend.withMultiplexer { machine, now, actions in
                machine.open(id, resume: resume, now: now, into: &actions)
            }
            backend.noLongerAwaited(id)
            return true
        }
        wasHandedOver = true
        metaTools = state.metaTools
        backend.noLongerAwaited(id)
        tellPace()
        goOnMoving(from: handed.leaving)
        return true
    }

    /// What it has not taken is left to whoever attaches it again.
    func leaveRest() {
        guard let output else { return }
        books?.leave(unsent: output.rest, written: output.position - UInt64(output.waiting))
    }

    /// Takes over what a predecessor owed, if there was one. To be called once the session has its place, and before
    /// anything is written.
    ///
    /// - Parameter lines: what the client said while it waited for that place.
    func settle(_ lost: LedgerReport.LostSession?, saidInLobby lines: [[UInt8]]) {
        if var lost {
            if !lines.isEmpty {
                lost.requests = replay(lines, owed: lost.requests.map { RawToken($0) }).map(\.bytes)
            }
            inherit(lost)
        }
        books?.begin()
        for backend in [leaving, backend].compactMap(\.self) { backend.reviewExpected() }
    }

    private func inherit(_ lost: LedgerReport.LostSession) {
        let ids = lost.requests.map { RawToken($0.span, 0..<$0.count) }
        for id in ids { opened(id) }
        // The machine that they were handed over with will answer.
        if wasHandedOver {
            noteWhereHandedOver(ids)
            return take(unread: lost.unread)
        }
        for id in ids {
            output?.send(LostRequest.answer(id)[...])
            answered(id)
        }
        take(unread: lost.unread)
        guard !ids.isEmpty else { return }
        registry.log.notice("session \(id): \(ids.count) calls were lost with the last supervisor, and are answered so")
    }

    /// In our own books they are at no backend yet.
    private func noteWhereHandedOver(_ ids: [RawToken]) {
        for backend in [leaving, backend].compactMap(\.self) {
            for id in ids {
                guard let request = backend.multiplexer.requestAtBackend(id, of: self.id) else { continue }
                sent(id, as: request, to: backend.process)
            }
        }
    }

    /// What a predecessor had read of the agent's input, and not dealt with. To be called once there is a place for it.
    private func take(unread: [UInt8]) { if !unread.isEmpty { input?.take(unread) } }
}

// What is owed to it, as the books say it.
extension Session {
    /// A handshake that is lost can be had again, also by a client that has asked what there is before.
    func noteOpening(_ line: Span<UInt8>) {
        looks -= 1
        guard let envelope = try? Envelope(scanning: line), envelope.kind == .request else { return }
        switch envelope.knownMethod {
        case .initialize, .discover: books?.keep(opening: line, RawToken(line, envelope.id))
        default: break
        }
    }

    /// An answer is owed.
    func opened(_ id: RawToken) { if !isOfMetaTools(id) { books?.opened(id) } }

    /// Its backend has it, under an id of ours.
    func sent(_ id: RawToken, as request: UInt64, to process: BackendProcess?) {
        if let backend = process?.books { books?.sent(id, as: request, to: backend) }
    }

    /// The answer is what was sent last.
    func answered(_ id: RawToken) {
        if !isOfMetaTools(id), !isKept(id) { books?.answered(id, end: output?.position ?? 0) }
    }

    func dropped(_ id: RawToken) { if !isOfMetaTools(id) { books?.dropped(id) } }

    /// What the shim is to keep.
    var resumeText: String { SessionResume(identity: identity, machine: lastResume, place: place).text }
}
