// SPDX-License-Identifier: Apache-2.0

import Multiplexer
import Posix
import Systemd
import ToolSearch

/// Sessions that a predecessor handed over, until their shims come.
struct HandedSession {
    let id: SessionID
    var backend: Backend?
    /// The one that it moved away from, and that still owes it something.
    var leaving: Backend?
    let shim: Int32
    /// What the predecessor knew of it; nil: it was killed, and the session's backend lives.
    let state: SessionState?

    struct SessionState: Codable {
        let metaTools: MetaToolSession?
    }
}

extension Registry {
    /// Milliseconds that a shim may take to come back: as long as it tries, and a little.
    static let patience: Int64 = 12_000
    /// Milliseconds after which one is looked for that may have ended.
    private static let glance: Int64 = 500

    func handed(_ session: HandedBackend.Session, to backend: Backend) {
        guard let identity = Identity(session.identity) else { return }
        let id = SessionID(raw: session.id)
        var known = handedSessions[identity] ?? HandedSession(id: id, shim: session.pid, state: session.state)
        if backend.multiplexer.hasLeft(id) { known.leaving = backend } else { known.backend = backend }
        handedSessions[identity] = known
        reserveSessionIDs(through: session.id)
    }

    /// Those whose shims are gone do not come back, and after a while nobody does: what they were waiting for is
    /// cancelled, and the others are not kept waiting.
    func expireHanded() {
        guard !handedSessions.isEmpty else { return }
        let deadline = now + Registry.patience
        glanceTimer = timer(milliseconds: Registry.glance) { [unowned self] in glance(until: deadline) }
    }

    private func glance(until deadline: Int64) {
        for (identity, session) in handedSessions
        where now >= deadline || ProcessTable.startTime(of: session.shim) == nil { abandon(identity) }
        glanceTimer =
            handedSessions.isEmpty
            ? nil : timer(milliseconds: Registry.glance) { [unowned self] in glance(until: deadline) }
    }

    /// What predecessors left is kept for as long as somebody may come for it. One that was still here may leave more: it
    /// was stopping its backends, and was killed over it.
    func expirePredecessors() {
        guard let predecessors else { return }
        let patience = predecessors.isAnyoneHere ? Books.glance : Books.patience
        booksTimer = timer(milliseconds: patience) { [unowned self] in
            if predecessors.hasAnyoneGone() { inBackground { await self.reapLeftBehind() } }
            let isOver = now - startedAt >= Books.patience && !predecessors.forgetSettled()
            if isOver { booksTimer = nil } else { expirePredecessors() }
        }
    }

    /// It does not come back, or not to this backend.
    func abandon(_ identity: Identity) {
        guard let session = handedSessions.removeValue(forKey: identity) else { return }
        for backend in [session.leaving, session.backend].compactMap(\.self) {
            backend.withMultiplexer { machine, now, actions in
                machine.close(session.id, now: now, into: &actions)
            }
            backend.noLongerAwaited(session.id)
            backend.reviewExpected()
        }
    }

    /// Whether the manager has taken what it was given. It refuses without a word (FileDescriptorStoreMax=).
    func checkStore() {
        let expected = store?.count ?? 0
        inBackground {
            guard let store = self.store, let unit = Installation.service(),
                let scopes = self.launcher as? ScopeLauncher,
                let held = try? await scopes.bus.open().uint32("NFileDescriptorStore", of: unit, .service)
            else { return }
            // Others may have been stored or taken out since.
            guard Int(held) < min(expected, store.count), !store.isFull else { return }
            store.isFull = true
            self.log.warning(
                "systemd keeps \(held) of our \(expected) descriptors: raise FileDescriptorStoreMax= of \(unit), or "
                    + "backends will not outlive a restart")
        }
    }

    /// After the bus was lost and is there again: units are to stay readable after their end, as before.
    func referenceUnitsAgain() {
        let units = backends.values.compactMap { $0.process?.launched.unit }
        inBackground {
            for unit in units { try? await (self.launcher as? ScopeLauncher)?.bus.open().refUnit(unit) }
        }
    }

    /// Whether a successor comes at once: systemd restarts us. Of a stop, or a bare signal, nobody says so.
    func willBeReplaced() async -> Bool {
        guard store != nil, let unit = Installation.service(), let scopes = launcher as? ScopeLauncher else {
            return false
        }
        let job = try? await scopes.bus.open().jobType(of: unit)
        return job == "restart"
    }

    /// Ends so that a successor goes on with everything at once.
    func handOver() {
        for session in sessions.values {
            session.finishSearches()
            // Our successor begins anew with those that are not there yet.
            session.giveUpMove()
        }
        streams.flushAll()
        // What waits for the clients first: their machines will not say it again.
        for session in sessions.values { session.leaveRest() }
        for backend in backends.values { backend.handOver() }
        store?.settle()
    }
}
