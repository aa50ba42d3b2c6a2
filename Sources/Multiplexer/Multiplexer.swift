// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// One backend shared by many sessions, as a pure machine: events and the time go in, actions come out.
///
/// It never reads a descriptor or a clock. Requests get an id of ours toward the backend and their own one back; what
/// cannot be shared (handshake, lists, subscriptions, log level) is answered here. The rules are those of the Model
/// Context Protocol for a server that believes it has one client; messages that are merely relayed are never decoded.
public struct Multiplexer: Sendable, Codable {
    var configuration: MultiplexerConfiguration
    var sessions = SessionTable()
    var pending = PendingTable()
    var backend = BackendState()
    /// Of the running backend, or of the snapshot until one runs.
    var handshake: Handshake?
    var lists = ListCache()
    var subscriptions = SubscriptionTable()
    var localQueue: [LocalRequest] = []
    /// Of the calls that sessions made.
    public internal(set) var calls = CallCounters()
    /// The time of the event under way.
    var clock: Int64 = 0
    /// What the backend speaks, as far as known.
    public internal(set) var era: BackendEra
    var listens = ListenTable()
    var waitingDiscovers: [ReplyTarget] = []
    var questions = QuestionTable()
    var rounds = RoundTable()
    var heldCalls: [String: HeldCall] = [:]
    var tasks = TaskTable()
    /// For a backend of one session: everything passes as it is. Nil: sessions share.
    var relay: Relay?
    /// Whose queue was looked at last when the lane became free.
    var lastTicket: UInt64 = 0
    /// What clients named as their roots, where the backend is told.
    var roots = RootsTable()
    var poison = PoisonTable()
    /// Clients that are behind in reading.
    var slowReaders = SlowReaderTable()
    /// Sessions whose next request waits until the backend has fewer, in the order of their turns.
    var waitingForRoom: [SessionID] = []
    var moves = Moves()
    /// Random words that handles are made of; see `give(chance:)`.
    var chance: [UInt64] = []

    public init(configuration: MultiplexerConfiguration, snapshot: Snapshot?) {
        self.configuration = configuration
        era = configuration.era
        guard !configuration.isPrivate else {
            relay = Relay()
            return
        }
        guard let snapshot, let handshake = Handshake(snapshot, server: configuration.server) else { return }
        self.handshake = handshake
        era = handshake.era
        for (method, result) in snapshot.lists.sorted(by: { $0.key < $1.key }) {
            guard let known = Method(rawValue: method) else { continue }
            var page = page(of: known, result, now: 0)
            page.asker = snapshot.askers[method] ?? []
            lists.store(page, at: ListKey(method: known, cursor: nil))
        }
    }

    /// A session came, with what `resume(of:)` last said of it, if it was here before.
    public mutating func open(_ session: SessionID, resume: [UInt8]?, now: Int64, into actions: inout Actions) {
        sessions[session] = SessionState()
        noteReturn()
        clock = now
        guard let resume, let value = ResumeValue(resume) else { return }
        restore(session, value, &actions)
    }

    /// One line of a session, without its newline.
    public mutating func receive(
        _ line: Span<UInt8>, from session: SessionID, now: Int64, into actions: inout Actions
    ) {
        guard sessions[session] != nil else { return }
        clock = now
        if relay != nil { return relayFromSession(line, session, now: now, &actions) }
        defer { finishDepartures(now: now, &actions) }
        if moves.departing.contains(session), divert(line, from: session, now: now, &actions) { return }
        let envelope: Envelope
        do {
            envelope = try Envelope(scanning: line)
        } catch {
            return receiveOther(line, error, from: session, now: now, &actions)
        }
        handle(line, envelope, from: session, batch: 0, now: now, &actions)
    }

    /// One line of the backend, without its newline.
    public mutating func receiveFromBackend(_ line: Span<UInt8>, now: Int64, into actions: inout Actions) {
        guard backend.phase == .handshaking || backend.phase == .ready else { return }
        clock = now
        if relay != nil { return relayFromBackend(line, now: now, &actions) }
        defer { finishDepartures(now: now, &actions) }
        let envelope: Envelope
        do {
            envelope = try Envelope(scanning: line)
        } catch {
            return receiveOtherFromBackend(line, now: now, &actions)
        }
        handleFromBackend(line, envelope, now: now, &actions)
    }

    public mutating func timer(_ timer: MultiplexerTimer, now: Int64, into actions: inout Actions) {
        defer { finishDepartures(now: now, &actions) }
        switch timer {
        case .handshake: handshakeTimedOut(&actions)
        case .lists: listsTimedOut(now: now, &actions)
        case .listChanged: announceListChanges(&actions)
        case .tombstones: forgetTombstones(now: now, &actions)
        case .grace(let session): end(session, reason: "the client closed its input", now: now, &actions)
        case .round(let number): roundTimedOut(number, &actions)
        case .heldCalls: expireHeldCalls(now: now, &actions)
        case .tasks: expireTasks(now: now, &actions)
        }
    }
}

// MARK: - What the shell asks

extension Multiplexer {
    /// Requests at the backend that somebody waits for, and tasks that it works on.
    public var inFlight: Int {
        if let relay { return relay.localCount + relay.tasks.count + sessions.values.reduce(0) { $0 + $1.inFlight } }
        let asked = pending.entries.count - pending.cancelledCount - pending.streamCount
        return asked - unawaitedSubscriptionQuestions + tasks.runningCount
    }

    public func inFlight(of session: SessionID) -> Int { sessions[session]?.inFlight ?? 0 }

    /// Whether its client has been asked something and has not answered.
    public func isAsked(_ session: SessionID) -> Bool { questions.entries.values.contains { $0.session == session } }

    public var sessionCount: Int { sessions.count }

    /// What the client said of itself in `initialize`.
    public func clientInfo(of session: SessionID) -> JSONValue? { sessions[session]?.clientInfo.map(JSONValue.object) }

    /// The revision the session was answered with.
    public func protocolVersion(of session: SessionID) -> String? {
        sessions[session].flatMap { $0.protocolVersion.isEmpty ? nil : $0.protocolVersion }
    }

    public var isReady: Bool { backend.phase == .ready }

    /// The last `tools/list` result without denied tools, whole (first page), as it came.
    public var toolsResult: [UInt8]? { lists.pages[ListKey(method: .toolsList, cursor: nil)]?.visible }

    /// Whether something waits for a backend to run.
    public var needsBackend: Bool {
        guard relay == nil else { return sessions.values.contains { !$0.queue.isEmpty } }
        return !localQueue.isEmpty || lists.isWaiting || subscriptions.isWaiting || listens.isWaiting
            || !waitingDiscovers.isEmpty
            || sessions.values.contains { $0.phase == .awaitingHandshake || !$0.queue.isEmpty }
    }

    /// The handshake and the lists as they were last seen, for the next start of this server.
    public var snapshot: Snapshot? {
        guard let handshake else { return nil }
        var snapshot = handshake.snapshot
        for (key, page) in lists.pages where key.cursor == nil {
            snapshot.lists[key.method.rawValue] = page.raw
            if era == .modern, !page.isPublic { snapshot.askers[key.method.rawValue] = page.asker }
        }
        return snapshot
    }

    /// What `open` needs to go on with this session in another process: at most 16 KB, opaque.
    public func resume(of session: SessionID) -> [UInt8] { resume(of: session, .shim) }

    /// What another machine of this process needs for it: the same, and all of it.
    public func wholeResume(of session: SessionID) -> [UInt8] { resume(of: session, .none) }

    private func resume(of session: SessionID, _ bounds: ResumeValue.Bounds) -> [UInt8] {
        guard let state = sessions[session] else { return [] }
        return ResumeValue(state, relay: relay, tasks: tasks.ids(of: session), bounds: bounds).encoded()
    }
}
