// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// The whole machine as bytes: one supervisor writes them, its successor goes on from them, and neither sessions nor
/// backend notice. Timers are the shell's, and so is the time, which must be of one clock.
extension Multiplexer {
    /// Raised when a member changes its meaning. A member that is merely new or gone makes the text unreadable by
    /// itself, and both end alike: the successor starts without it, as after a crash.
    private static let stateVersion: Int64 = 1

    /// - Throws: ``CodingFailure`` for what has no JSON form. There is no such member today.
    public func encoded() throws(CodingFailure) -> [UInt8] {
        let state: JSONValue = ["version": .int(Self.stateVersion), "machine": try JSONCoding.encode(self)]
        return Array(state.text.utf8)
    }

    /// Goes on where another process stopped.
    ///
    /// - Parameter configuration: of today; the other process may have had another.
    /// - Throws: ``CodingFailure`` when the bytes are of another version, or damaged.
    public init(restoring bytes: [UInt8], configuration: MultiplexerConfiguration) throws(CodingFailure) {
        guard let state = try? JSONValue(parsing: bytes), let machine = state["machine"] else {
            throw CodingFailure(path: "", reason: "expected a machine's state, found other bytes")
        }
        guard state["version"]?.intValue == Self.stateVersion else {
            throw CodingFailure(path: "version", reason: "it was written by another version")
        }
        self = try JSONCoding.decode(from: machine)
        let denied = self.configuration.denyTools
        self.configuration = configuration
        if denied != configuration.denyTools { lists.hide(configuration.denyTools) }
    }

    /// Goes on after that: sessions are told of lists that are other ones under the configuration of today.
    public mutating func resume(now: Int64, into actions: inout Actions) {
        clock = now
        guard lists.wereHidden else { return }
        lists.wereHidden = false
        scheduleListChange(.tools, &actions)
    }
}

/// A backend that outlived a supervisor which could hand nothing over.
extension Multiplexer {
    /// The number of the last request that was made at the backend.
    public var lastRequestID: UInt64 { relay.map { UInt64($0.lastQuestion) } ?? pending.lastID }

    /// Requests at the backend on whose behalf it may still ask somebody something although no client waits for their
    /// answer: our own, held and cancelled ones. A successor that does not know of them would take whoever calls next for
    /// the one who is asked.
    public var unclaimed: Set<UInt64> { pending.unclaimed }
    /// Goes up whenever ``unclaimed`` is another set.
    public var unclaimedRevision: Int { pending.unclaimedRevision }

    /// The id that a client's open request has at the backend.
    public func requestAtBackend(_ id: RawToken, of session: SessionID) -> UInt64? {
        guard relay == nil, case .sent(let request)? = sessions[session]?.requests[id] else { return nil }
        return request
    }

    /// All such ids.
    public var requestsOfSessions: [UInt64] {
        pending.entries.compactMap { id, entry in
            if case .session = entry.owner, entry.cancelledAt == nil { id } else { nil }
        }
    }

    /// What the running backend speaks, or the last one did.
    public var backendEra: BackendEra { era }

    /// The backend has shaken hands with somebody before us, as the snapshot says. What it still answers to that one is
    /// nobody's. False, and nothing is changed, when there is no snapshot.
    ///
    /// - Parameters:
    ///   - lastID: the last id that it was sent.
    ///   - open: requests that it works on, and whose senders were told that they are lost. None has a higher id.
    ///   - isAsleep: nothing is to be asked of it before ``backendWoke(now:into:)``.
    public mutating func backendAdopted(
        generation: Int, era: BackendEra, lastID: UInt64, open: [UInt64] = [], isAsleep: Bool = false,
        now: Int64, into actions: inout Actions
    ) -> Bool {
        guard handshake != nil else { return false }
        backend = BackendState()
        backend.generation = generation
        backend.phase = .ready
        backend.hasSpoken = true
        self.era = era
        pending.skip(to: lastID)
        // A request that waits to be asked again may still be noted where the last process had it.
        for id in Set(open).sorted() where id <= lastID {
            pending.insert(Pending(owner: .lost), at: id)
            cancelAtBackend(id, of: nil, reason: "the answer is lost", now: now, &actions)
        }
        backend.isUnasked = true
        if !isAsleep { backendWoke(now: now, into: &actions) }
        return true
    }

    /// It is awake: what an adopted one was spared is asked now.
    public mutating func backendWoke(now: Int64, into actions: inout Actions) {
        guard backend.isUnasked, backend.phase == .ready else { return }
        backend.isUnasked = false
        updateLogLevel(&actions)
        listenForChanges(&actions)
        startLists(now: now, &actions)
    }
}
