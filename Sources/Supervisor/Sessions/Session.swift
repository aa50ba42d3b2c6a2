// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix

/// What is known of a session from its `Attach` call.
struct SessionFacts {
    let pid: Int32
    let server: String
    /// For people: the path may be gone, the descriptor that came with the call is what counts.
    let workingDirectory: String
    var repository: String?
    let metaTools: Bool
    /// Names of variables that were left out of the key.
    let ignoredVariables: [String]
    let attachedAt = Clock.wallSeconds()
}

/// One agent's connection to its backend: the agent's own pipes, read and written by us.
final class Session: LineReceiver {
    let id: SessionID
    private(set) var facts: SessionFacts
    /// `nil` while the session waits in the lobby.
    private(set) var key: SharingKey?
    private var lobby: Lobby?
    /// The machine's answer to a handshake that the lobby has answered already is not sent again.
    private var swallowsNext = false
    /// Finds the backend for a repository: what `Attach` said, less the place.
    private let chooseBackend: (String) throws(ControlError) -> Backend
    /// A backend is kept for as long as it has sessions.
    private(set) unowned var backend: Backend?
    private unowned let registry: Registry
    private var input: InputStream?
    private var output: OutputStream?
    /// The shim's connection. Its end is the session's end.
    private unowned var connection: ControlConnection?
    private var lastResume: [UInt8] = []
    private var hasEnded = false

    /// Bytes that a line from an agent may have (protocol.md §2.7 j).
    static let lineLimit = 64 << 20
    /// Bytes that may wait for an agent that does not read before it is let go.
    static let outputLimit = 96 << 20

    init(
        id: SessionID, facts: SessionFacts, connection: ControlConnection, registry: Registry,
        chooseBackend: @escaping (String) throws(ControlError) -> Backend
    ) {
        self.id = id
        self.facts = facts
        self.connection = connection
        self.registry = registry
        self.chooseBackend = chooseBackend
    }

    /// Takes the agent's descriptors.
    func open(stdin: consuming Descriptor, stdout: consuming Descriptor) throws(PosixError) {
        output = try OutputStream(ByteStream(adopting: stdout, writing: true), loop: registry.streams) {
            [unowned self] in end("the agent no longer reads")
        }
        input = try InputStream(
            ByteStream(adopting: stdin, writing: false), limit: Session.lineLimit, loop: registry.streams,
            receiver: self)
    }

    /// Waits for a place.
    func wait(in lobby: Lobby) { self.lobby = lobby }

    /// Joins the backend of a repository.
    ///
    /// - Parameter resume: what the shim kept of the session's former life, if it had one.
    func join(repository: String, resume: [UInt8]?) throws(ControlError) {
        let backend = try chooseBackend(repository)
        self.backend = backend
        key = backend.key
        facts.repository = backend.key.repository.isEmpty ? nil : backend.key.repository
        backend.sessions[id] = self
        backend.withMultiplexer { machine, now, actions in
            machine.open(id, resume: resume, now: now, into: &actions)
        }
        backend.referencesChanged()
    }

    func receive(_ line: Span<UInt8>) {
        if lobby != nil { return receiveInLobby(line) }
        backend?.receive(line, from: id)
    }

    private func receiveInLobby(_ line: Span<UInt8>) {
        var bytes: [UInt8] = []
        for index in line.indices { bytes.append(line[index]) }
        perform(lobby?.receive(bytes) ?? [])
    }

    private func perform(_ steps: [Lobby.Step]) {
        for step in steps {
            switch step {
            case .send(let answer): output?.send(answer[...])
            case .bind(let directory): leaveLobby(for: directory)
            }
        }
    }

    private func leaveLobby(for directory: String) {
        let held = lobby?.held ?? []
        let choice = Repository.choose(
            named: directory, projectDirectory: nil, workingDirectory: facts.workingDirectory, home: OwnProcess.home)
        do throws(ControlError) {
            guard case .found(let root) = choice else {
                throw .refused(reason: "the client's root \(directory) is not a directory here")
            }
            try join(repository: root, resume: nil)
        } catch {
            return perform(lobby?.refuse("\(error)") ?? [])
        }
        lobby = nil
        swallowsNext = true
        for line in held { backend?.receive(line.span, from: id) }
    }

    func receiveOversize(beginning: Span<UInt8>, length: Int) {
        backend?.withMultiplexer { machine, now, actions in
            machine.receiveOversize(prefix: beginning, length: length, from: id, now: now, into: &actions)
        }
    }

    /// The agent has closed its side: what is under way may still be answered for a moment.
    func inputEnded() {
        input = nil
        guard backend != nil else { return end("the agent closed its side") }
        backend?.withMultiplexer { machine, now, actions in machine.inputEnded(id, now: now, into: &actions) }
    }

    func send(_ bytes: ArraySlice<UInt8>) {
        guard !swallowsNext else {
            swallowsNext = false
            return
        }
        output?.send(bytes)
        if let output, output.waiting > Session.outputLimit {
            registry.log.warning("session \(id) does not read, \(output.waiting) bytes wait; it is ended")
            end("the agent does not read")
        }
    }

    func pause() { input?.pause() }
    func resume() { input?.resume() }

    /// The machine knows something new of the session: the shim keeps what it needs to attach again.
    func machineChanged() {
        guard let backend else { return }
        let value = backend.multiplexer.resume(of: id)
        guard value != lastResume else { return }
        lastResume = value
        connection?.sessionChanged(id, resume: value)
    }

    /// The session is over: its requests are cancelled at the backend, its references given back.
    func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        registry.streams.flushAll()
        input?.close()
        output?.close()
        input = nil
        output = nil
        connection?.sessionEnded(id, reason: reason)
        connection = nil
        if let backend {
            backend.sessions[id] = nil
            backend.withMultiplexer { machine, now, actions in machine.close(id, now: now, into: &actions) }
            backend.referencesChanged()
        }
        registry.sessionEnded(self, reason)
    }
}
