// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import Systemd
import ToolSearch

/// What is known of a session from its `Attach` call.
struct SessionFacts {
    let pid: Int32
    let server: String
    /// For people: the path may be gone, the descriptor that came with the call is what counts.
    let workingDirectory: String
    var repository: String?
    /// What the shim asks for; nil: nothing.
    let metaTools: MetaToolMode?
    /// Names of variables that were left out of the key.
    let ignoredVariables: [String]
    let attachedAt = Clock.wallSeconds()
}

/// Why an agent is not read.
struct Pauses: OptionSet {
    let rawValue: UInt8
    /// Too much of what it said waits.
    static let backlog = Pauses(rawValue: 1)
    /// It does not read what it is sent.
    static let output = Pauses(rawValue: 2)
}

/// One agent's connection to its backend: the agent's own pipes, read and written by us.
final class Session: LineReceiver {
    let id: SessionID
    private(set) var facts: SessionFacts
    /// `nil` while the session waits in the lobby.
    var key: SharingKey?
    var lobby: Lobby?
    /// The repository that the client's roots named.
    private(set) var place: String?
    /// Finds the backend for a repository: what `Attach` said, less the place.
    private let chooseBackend: (_ root: String, _ isMoved: Bool) throws(ControlError) -> Backend
    /// A backend is kept for as long as it has sessions.
    unowned var backend: Backend?
    /// Where it moves to, and where it came from while that one still owes it something.
    unowned var destination: Backend?
    unowned var leaving: Backend?
    unowned let registry: Registry
    private(set) var input: InputStream?
    private(set) var output: OutputStream?
    var watch: ReaderWatch
    /// Runs while the client has more waiting than it may.
    var patience: EventSource?
    /// The shim's connection. Its end is the session's end.
    private(set) unowned var connection: ControlConnection?
    /// Known to the shim alone, and to our predecessors' books.
    let identity: Identity
    private(set) var books: SessionBooks?
    /// Whether the machine knows it from a predecessor's time.
    var wasHandedOver = false
    private(set) var lastResume: [UInt8]?
    /// Whether the client may still have to shake hands: so many lines of it are looked at.
    var isNew: Bool { looks > 0 }
    var looks = 4
    /// Between the client and the backend, where the session sees meta-tools or may come to.
    var metaTools: MetaToolSession?
    /// What the shim was told of that.
    var lastJudgement: Bool?
    /// The tools as this session was told them, where the server does not tell all the same.
    var ownTools: LearnedTools?
    private var hasEnded = false
    private var pauses: Pauses = []
    /// The agent says nothing more.
    var inputIsOver = false

    var rootsClock: EventSource?
    /// Bytes that a predecessor can have left unsent for a session.
    static let outputLimit = 96 << 20

    init(
        id: SessionID, identity: Identity, facts: SessionFacts, connection: ControlConnection, registry: Registry,
        chooseBackend: @escaping (_ root: String, _ isMoved: Bool) throws(ControlError) -> Backend
    ) {
        self.id = id
        self.identity = identity
        self.facts = facts
        self.connection = connection
        self.registry = registry
        self.chooseBackend = chooseBackend
        watch = ReaderWatch(limit: Int(registry.configuration.clientLimits.outputQueue))
        books = registry.ledger.flatMap { SessionBooks($0, identity, shim: ShimProcess(facts.pid)) }
    }

    /// Takes the agent's descriptors.
    ///
    /// - Parameter lost: what predecessors of ours owed the session when they were killed.
    func open(
        stdin: consuming Descriptor, stdout: consuming Descriptor, lost: LedgerReport.LostSession?
    ) throws(PosixError) {
        output = try OutputStream(
            ByteStream(adopting: stdout, writing: true), loop: registry.streams, record: books?.writeRecord
        ) { [unowned self] in end("the agent no longer reads") }
        output?.onWritten = { [unowned self] position in
            books?.written(position)
            noteRead()
        }
        var splitter = LineSplitter(limit: Int(registry.configuration.clientLimits.messageSize))
        if let lost {
            output?.send(inherited: lost.outputIsMidLine ? [0x0A] : lost.unsent[...])
            if lost.inputIsMidLine { splitter.skipLine(after: lost.skipped) }
        }
        input = try InputStream(
            ByteStream(adopting: stdin, writing: false), splitter: splitter, loop: registry.streams, receiver: self,
            record: books?.readRecord)
    }

    /// Joins the backend of a repository.
    ///
    /// - Parameters:
    ///   - resume: what the shim kept of the session's former life, if it had one.
    ///   - place: the repository, where the client's roots named it.
    func join(repository: String, resume: [UInt8]?, place: String? = nil) throws(ControlError) {
        self.place = place
        let (isMoved, known) = Session.takeMoved(resume)
        let backend = try chooseBackend(repository, isMoved)
        self.backend = backend
        key = backend.key
        facts.repository = backend.key.repository.isEmpty ? nil : backend.key.repository
        lastResume = resume
        if resume != nil { looks = 0 }
        backend.sessions[id] = self
        let resume = setUpMetaTools(backend, known)
        guard takeOver(backend, resume) else {
            registry.abandon(identity)
            backend.withMultiplexer { machine, now, actions in
                machine.open(id, resume: resume, now: now, into: &actions)
            }
            return backend.referencesChanged()
        }
        backend.referencesChanged()
    }

    func receive(_ line: Span<UInt8>) {
        if lobby != nil { return receiveInLobby(line) }
        if isNew { noteOpening(line) }
        guard metaTools == nil else { return receiveWithMetaTools(line) }
        entrance?.receive(line, from: id)
    }

    func receiveOversize(beginning: Span<UInt8>, length: Int) {
        if let lobby { return perform(lobby.receiveOversize(beginning: beginning, length: length)) }
        entrance?.withMultiplexer { machine, now, actions in
            machine.receiveOversize(prefix: beginning, length: length, from: id, now: now, into: &actions)
        }
    }

    /// The agent has closed its side: what is under way may still be answered for a moment.
    func inputEnded() {
        input = nil
        inputIsOver = true
        guard backend != nil else { return end("the agent closed its side") }
        entrance?.withMultiplexer { machine, now, actions in machine.inputEnded(id, now: now, into: &actions) }
    }

    func send(_ bytes: ArraySlice<UInt8>) {
        guard metaTools == nil else { return sendWithMetaTools(bytes) }
        deliver(bytes)
    }

    func deliver(_ bytes: ArraySlice<UInt8>) {
        output?.send(bytes)
        noteSent()
    }

    /// Bytes that the agent has not taken.
    var waiting: Int { output?.waiting ?? 0 }

    /// Gives its references to a backend back.
    func leave(_ backend: Backend) {
        backend.sessions[id] = nil
        backend.withMultiplexer { machine, now, actions in machine.close(id, now: now, into: &actions) }
        backend.referencesChanged()
    }

    /// Leaves what the agent says in its pipe, until no reason for that is left.
    func pause(_ reason: Pauses) {
        pauses.insert(reason)
        input?.pause()
    }

    func resume(_ reason: Pauses) {
        pauses.remove(reason)
        if pauses.isEmpty { input?.resume() }
    }

    /// The machine knows something new of the session: the shim keeps what it needs to attach again.
    func machineChanged() {
        guard let backend else { return }
        let value = movedResume(metaToolResume(backend.multiplexer.resume(of: id)))
        guard value != lastResume else { return }
        lastResume = value
        connection?.sessionChanged(id, resume: resumeText)
    }

    /// Nothing is owed to it: whoever attaches again is told the same. Its streams go first, with what they have not
    /// written yet: the place in the books where they would note it may be another session's at once.
    func couldNotBegin() {
        input?.close()
        output?.close()
        input = nil
        output = nil
        books?.close()
    }

    /// The session is over: its requests are cancelled at the backend, its references given back.
    func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        rootsClock = nil
        patience = nil
        registry.streams.flushAll()
        input?.close()
        output?.close()
        input = nil
        output = nil
        books?.close()
        connection?.sessionEnded(id, reason: reason)
        connection = nil
        giveUpMove()
        for backend in [leaving, backend].compactMap(\.self) { leave(backend) }
        registry.sessionEnded(self, reason)
    }
}
