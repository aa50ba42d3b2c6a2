// SPDX-License-Identifier: Apache-2.0

import MCPWire

@testable import Multiplexer

/// N clients, one backend that crashes and restarts, and a schedule nobody thought of (protocol.md §2.11, 1 to 6).
struct RandomSchedule {
    var generator: SeededGenerator
    private(set) var mux: Multiplexer
    private var actions = Actions()
    private var now: Int64 = 0
    var clients: [RandomClient] = []
    var backend: any RandomServer
    private(set) var startWanted = false
    private var startHasFailed = false
    private var generation = 0
    private var lastSession: UInt32 = 0
    /// When each is due.
    private(set) var timers: [(timer: MultiplexerTimer, due: Int64)] = []
    var complaints: [String] = []
    /// What the machine says is owed.
    private var owed: [SessionID: [String: Int]] = [:]
    /// Requests at the backend that it says whose they are.
    private var located: Set<UInt64> = []
    /// What was said to anybody in the last step, and what was ordered.
    private(set) var transcript: [String] = []
    private let configuration: MultiplexerConfiguration
    private let hasModernClients: Bool
    /// Whether clients that are asked call a tool, to know what to answer.
    private let isThoughtful: Bool

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        var configuration = MultiplexerConfiguration()
        isThoughtful = seed % 8 == 3
        // Where a client that is asked calls a tool before it answers, a full server is at a standstill, limits or not.
        if !isThoughtful { (configuration.maximumInFlightPerSession, configuration.maximumInFlight) = (3, 7) }
        // A tool is named after its session: the calls of some must be alone.
        if seed % 2 == 1 { configuration.interactiveTools = Set((0..<100).map { "s\($0 * 3 + 1)" }) }
        // One in three backends is of the stateless era.
        if seed % 3 == 2 { configuration.era = .modern }
        backend = Self.backend(of: configuration.era)
        self.configuration = configuration
        mux = Multiplexer(configuration: configuration, snapshot: nil)
        hasModernClients = seed % 4 < 2
    }

    private static func backend(of era: BackendEra) -> any RandomServer {
        era == .modern ? RandomModernBackend() : RandomBackend()
    }

    /// Chance is the shell's to give.
    private mutating func giveChance() {
        guard mux.wantsChance else { return }
        mux.give(chance: (0..<16).map { _ in generator.next() })
    }

    // MARK: - Steps

    mutating func step() {
        now += 1
        transcript = []
        giveChance()
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<4: openClient()
        case 4..<6: closeClient()
        case 6..<43: clientSpeaks()
        case 43: clientReads()
        case 44: clientErrs()
        case 45..<48: clientCancels()
        case 48..<50: clientAnswers()
        case 50..<90: backendSpeaks()
        case 90..<92: endBackend(willRestart: Bool.random(using: &generator))
        case 92..<98: fireTimer()
        case 98: if Int.random(in: 0..<20, using: &generator) == 0 { replaceSupervisor() }
        default: pick { $0.initialize() }
        }
        perform()
        if startWanted, Int.random(in: 0..<3, using: &generator) == 0 { startBackend() }
        if isThoughtful, Int.random(in: 0..<100, using: &generator) == 0 {
            answerAll()
            backend.isPatient = false
        }
        check()
    }

    /// No backend any more: nobody may be left waiting.
    mutating func finish() {
        comeToRest()
        endBackend(willRestart: false)
        perform()
        for client in clients where client.waits {
            complaints.append("\(client.session) waits for \(client.open.keys.sorted())")
        }
        for client in clients { mux.close(client.session, now: now, into: &actions) }
        perform()
        if !mux.pending.entries.isEmpty || !mux.subscriptions.entries.isEmpty || !mux.sessions.isEmpty
            || !mux.tasks.isEmpty || !mux.rounds.entries.isEmpty || !mux.questions.entries.isEmpty
            || !mux.heldCalls.isEmpty
        {
            complaints.append("something is left when all are gone")
        }
    }

    private mutating func openClient() {
        guard clients.count < 5 else { return }
        lastSession += 1
        let session = SessionID(raw: lastSession)
        mux.open(session, resume: nil, now: now, into: &actions)
        let isModern = hasModernClients && Int.random(in: 0..<2, using: &generator) == 0
        clients.append(RandomClient(session: session, isModern: isModern, isThoughtful: isThoughtful))
        send(clients[clients.count - 1].initialize(), from: session)
    }

    mutating func closeClient() {
        guard let index = clients.indices.randomElement(using: &generator) else { return }
        mux.close(clients[index].session, now: now, into: &actions)
        complaints += clients.remove(at: index).complaints
    }

    private mutating func clientSpeaks() {
        let choice = Int.random(in: 0..<26, using: &generator)
        let uri = "\"file:///\(Int.random(in: 0..<3, using: &generator))\""
        let task = RandomTasks.names.randomElement(using: &generator) ?? ""
        let about = ["tasks/get", "tasks/get", "tasks/result", "tasks/cancel"].randomElement(using: &generator) ?? ""
        pick { client in
            if client.isModern, 12..<19 ~= choice {
                let filter = choice < 16 ? "\"resourceSubscriptions\":[\(uri)]" : "\"toolsListChanged\":true"
                return client.request("subscriptions/listen", "\"notifications\":{\(filter)}")
            }
            return switch choice {
            case 20..<23: client.request("tools/call", "\"name\":\(client.owner),\"task\":{}", withToken: choice < 22)
            case 23: client.request("tasks/list", "\"a\":1")
            case 24..<26:
                client.request(about, "\"taskId\":\"\(task)\"")
            case 0..<9: client.request("tools/call", "\"name\":\(client.owner)", withToken: choice < 5)
            case 9..<11: client.request("tools/list", "")
            case 11: client.request("resources/list", "\"cursor\":\"c\"")
            case 12: client.request("ping", "\"a\":1")
            case 13..<16: client.request("resources/subscribe", "\"uri\":\(uri)")
            case 16..<18: client.request("resources/unsubscribe", "\"uri\":\(uri)")
            case 18: client.request("logging/setLevel", "\"level\":\"debug\"")
            default: client.request("prompts/get", "\"name\":\(client.owner)")
            }
        }
    }

    /// One falls behind in reading, or catches up.
    private mutating func clientReads() {
        guard let client = clients.randomElement(using: &generator) else { return }
        let pace = [ReaderPace.keepsUp, .isBehind, .isFull].randomElement(using: &generator) ?? .keepsUp
        mux.readerChanged(client.session, to: pace, now: now, into: &actions)
    }

    private mutating func clientAnswers() {
        guard let index = clients.indices.randomElement(using: &generator),
            let line = clients[index].answer(using: &generator)
        else { return }
        let isTooLong = Int.random(in: 0..<10, using: &generator) == 0
        isTooLong ? sendBeginning(of: line, from: clients[index].session) : send(line, from: clients[index].session)
    }

    /// What no client should send: a request without an id, a notification with one, what is too long to be read.
    private mutating func clientErrs() {
        guard let index = clients.indices.randomElement(using: &generator) else { return }
        let session = clients[index].session
        let guess = Int.random(in: 0..<100, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: send(clients[index].withoutID("tools/call", "\"name\":\(clients[index].owner)"), from: session)
        case 1: send(clients[index].request("notifications/cancelled", "\"requestId\":\(guess)"), from: session)
        default: sendBeginning(of: clients[index].request("tools/call", "\"name\":\"x\""), from: session)
        }
    }

    private mutating func sendBeginning(of line: String, from session: SessionID) {
        let beginning = Array(line.utf8.dropLast(2))
        mux.receiveOversize(prefix: beginning.span, length: 70 << 20, from: session, now: now, into: &actions)
    }

    private mutating func clientCancels() {
        guard let index = clients.indices.randomElement(using: &generator),
            !isAwaitingHandshake(clients[index].session),
            let line = clients[index].cancel(using: &generator)
        else { return }
        send(line, from: clients[index].session)
    }

    private func isAwaitingHandshake(_ session: SessionID) -> Bool {
        mux.sessions[session]?.phase == .awaitingHandshake
    }

    private mutating func pick(_ line: (inout RandomClient) -> String) {
        guard let index = clients.indices.randomElement(using: &generator) else { return }
        send(line(&clients[index]), from: clients[index].session)
    }

    mutating func send(_ line: String, from session: SessionID) {
        mux.receive(Array(line.utf8).span, from: session, now: now, into: &actions)
    }

    mutating func backendSpeaks() {
        guard backend.isRunning, let line = backend.speak(using: &generator) else { return }
        mux.receiveFromBackend(Array(line.utf8).span, now: now, into: &actions)
    }

    mutating func startBackend() {
        startWanted = false
        generation += 1
        backend.start()
        mux.backendStarted(generation: generation, now: now, into: &actions)
        perform()
    }

    private mutating func endBackend(willRestart: Bool) {
        backend.stop()
        startWanted = false
        let end = BackendEnd(message: "gone", reason: "backend_exit", willRestart: willRestart)
        mux.backendEnded(end, now: now, into: &actions)
    }

    /// What is due next is due now.
    mutating func fireTimer() {
        guard let next = timers.indices.min(by: { timers[$0].due < timers[$1].due }) else { return }
        let (timer, due) = timers.remove(at: next)
        if due - now > Int64(configuration.timeToStop) / 10 { backend.stopCancelled() }
        now = max(now, due)
        mux.timer(timer, now: now, into: &actions)
    }

    /// Those who wait to be asked again, and whatever else is due soon.
    mutating func fireRoundTimers() {
        for (timer, _) in timers {
            guard case .round = timer else { continue }
            timers.removeAll { $0.timer == timer }
            mux.timer(timer, now: now, into: &actions)
        }
    }

    mutating func catchUp(_ session: SessionID) {
        mux.readerChanged(session, to: .keepsUp, now: now, into: &actions)
        perform()
    }

    /// Another process takes over, with the resume values of the sessions and the snapshot.
    private mutating func replaceSupervisor() {
        perform()
        let sessions = clients.map { ($0.session, mux.resume(of: $0.session)) }
        let snapshot = mux.snapshot
        backend = Self.backend(of: configuration.era)
        startWanted = false
        timers = []
        mux = Multiplexer(configuration: configuration, snapshot: snapshot)
        for index in clients.indices { clients[index].forgetOpen() }
        owed = [:]
        located = []
        for (session, resume) in sessions { mux.open(session, resume: resume, now: now, into: &actions) }
    }

    /// Another process takes over with the whole state.
    mutating func handOver() throws {
        mux = try Multiplexer(restoring: mux.encoded(), configuration: configuration)
    }

    // MARK: - What came of it

    mutating func perform() {
        keepBooks()
        for action in actions.list {
            note(action)
            switch action {
            case .toSession(let session, let range):
                guard let index = clients.firstIndex(where: { $0.session == session }) else {
                    complaints.append("a line to \(session), which is gone")
                    continue
                }
                clients[index].receive(Array(actions.bytes[range]))
            case .toBackend(_, let range): backend.receive(Array(actions.bytes[range]))
            case .startBackend: startWanted = true
            case .arm(let timer, let milliseconds): arm(timer, milliseconds)
            case .disarm(let timer): timers.removeAll { $0.timer == timer }
            case .startFailed: startHasFailed = true
            default: break
            }
        }
        actions.removeAll()
        guard startHasFailed else { return }
        startHasFailed = false
        endBackend(willRestart: false)
        perform()
    }

    private mutating func arm(_ timer: MultiplexerTimer, _ milliseconds: Int) {
        timers.removeAll { $0.timer == timer }
        timers.append((timer, now + Int64(milliseconds)))
    }

    /// The books that the shell keeps must say what each client believes.
    private mutating func keepBooks() {
        for opened in actions.opened { owed[opened.session, default: [:]][opened.id.text, default: 0] += 1 }
        located.formUnion(actions.opened.map(\.request))
        located.formUnion(actions.sent.map(\.request))
        for settled in actions.settled {
            guard let count = owed[settled.session]?[settled.id.text], count > 0 else {
                if mux.sessions[settled.session] != nil { complaints.append("\(settled.id.text) was settled unopened") }
                continue
            }
            owed[settled.session]?[settled.id.text] = count == 1 ? nil : count - 1
            guard let line = settled.line else { continue }
            guard case .toSession(settled.session, let range) = actions.list[line],
                String(decoding: actions.bytes[range], as: UTF8.self).contains("\"id\":\(settled.id.text)")
            else {
                complaints.append("the line that answers \(settled.id.text) is another one")
                continue
            }
        }
    }

    private mutating func note(_ action: Actions.Action) {
        switch action {
        case .toSession(let session, let range):
            transcript.append("\(session): \(String(decoding: actions.bytes[range], as: UTF8.self))")
        case .toBackend(_, let range):
            transcript.append("backend: \(String(decoding: actions.bytes[range], as: UTF8.self))")
        default: transcript.append("\(action)")
        }
    }

    private mutating func check() {
        complaints += clients.flatMap(\.complaints) + backend.complaints
        let counted = mux.subscriptions.entries.values.reduce(0) { $0 + $1.sessions.count }
        let kept = mux.sessions.values.reduce(0) { $0 + $1.subscriptions.count }
        if counted != kept { complaints.append("\(counted) subscriptions counted, \(kept) kept") }
        for session in mux.sessions.keys {
            guard let state = mux.sessions[session] else { continue }
            let sent = state.requests.values.count { if case .sent = $0 { true } else { false } }
            if sent != state.inFlight { complaints.append("\(session): \(sent) sent, \(state.inFlight) counted") }
        }
        for client in clients where Set(client.open.keys) != Set(owed[client.session]?.keys.map { $0 } ?? []) {
            complaints.append(
                "\(client.session) waits for \(client.open.keys), the books say \(owed[client.session] ?? [:])")
        }
        if mux.needsBackend, !startWanted, !backend.isRunning {
            complaints.append("waits for a start nobody asked for")
        }
        complaints += mux.sessions.keys.filter(mux.waitsForNothing).map { "\($0) waits for nothing" }
        checkWhatASuccessorWouldKnow()
    }

    /// Nothing may be running for somebody that is not in the books.
    private mutating func checkWhatASuccessorWouldKnow() {
        var unclaimed: Set<UInt64> = []
        for (id, entry) in mux.pending.entries where entry.owner.isCaller && entry.isCounted {
            if case .session = entry.owner, entry.cancelledAt == nil {
                if !located.contains(id) { complaints.append("\(id) is at the backend, and the books do not know") }
            } else {
                unclaimed.insert(id)
            }
        }
        if mux.unclaimed != unclaimed { complaints.append("\(mux.unclaimed) unclaimed instead of \(unclaimed)") }
    }
}

extension Multiplexer {
    /// Whether the session's first line waits although it may go.
    fileprivate func waitsForNothing(_ session: SessionID) -> Bool {
        guard backend.phase == .ready, let state = sessions[session], let line = state.queue.first,
            let envelope = try? Envelope(scanning: line.bytes.span)
        else { return false }
        guard line.target != nil else { return true }
        let open = pending.entries.count - pending.cancelledCount - pending.streamCount
        return load(of: session) < configuration.maximumInFlightPerSession && open < configuration.maximumInFlight
            && !isFull(session) && mayLeave(line.bytes.span, envelope, of: session, line.ticket)
    }
}
