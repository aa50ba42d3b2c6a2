// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import ToolSearch

extension ControlService {
    /// A session begins: the shim hands its working directory, stdin and stdout over.
    func attach(_ parameters: AttachParameters, _ connection: ControlConnection) throws(ControlError) {
        guard let handed = connection.takeDescriptors(3) else {
            throw .invalidParameter(
                parameter: "descriptors",
                reason: "Attach needs three descriptors with it: working directory, stdin and stdout")
        }
        let directory = Descriptor(owning: handed[0])
        let stdin = Descriptor(owning: handed[1])
        let stdout = Descriptor(owning: handed[2])
        guard connection.session == nil else {
            throw .refused(reason: "this connection has a session already; use another one")
        }
        if registry.isDraining { throw .draining(reason: "the supervisor takes no new sessions, it is being replaced") }
        let most = registry.configuration.clientLimits.sessions
        guard registry.sessions.count < most else {
            throw .refused(
                reason: "\(registry.sessions.count) sessions are attached, as many as sessions_max allows; end some "
                    + "agents, or raise sessions_max in the configuration and run 'mcpctl reload'")
        }
        let command = try ServerCommand(
            argv: parameters.argv, name: parameters.name, share: parameters.share,
            environment: parameters.environment, rawEnvironment: parameters.rawEnvironment,
            configuration: registry.configuration, ignored: registry.ignored)
        let path = try workingDirectory(directory)
        let resume = parameters.resume.flatMap(SessionResume.init)
        let identity = resume?.identity ?? registry.newIdentity()
        // A shim that comes back before we have seen it go.
        registry.sessions.values.first { $0.identity == identity }?.end("its shim has attached again")
        let id = registry.handedSessions[identity]?.id ?? registry.newSessionID()
        let facts = SessionFacts(
            pid: parameters.pid, server: command.name, workingDirectory: path, repository: nil,
            metaTools: try metaTools(parameters.metaTools), ignoredVariables: command.ignored)
        let session = Session(
            id: id, identity: identity, facts: facts, connection: connection, registry: registry
        ) { (root, isMoved) throws(ControlError) in
            let key = command.key(
                repository: root, workingDirectory: path, home: OwnProcess.home, session: "\(id)",
                umask: parameters.umask)
            return try self.backend(for: isMoved ? key.moved(identity) : key)
        }
        registry.sessions[id] = session
        connection.attached(session)
        do throws(ControlError) {
            let lost = registry.predecessors?.lost(session.identity)
            try open(session, stdin: stdin, stdout: stdout, lost)
            let waited = registry.handedSessions[identity]?.state == nil ? lost?.lobby ?? [] : []
            try place(session, command, parameters, resume?.machine, waited.isEmpty ? resume?.place : nil)
            session.settle(lost, saidInLobby: waited)
            registry.predecessors?.claimed(session.identity)
        } catch {
            registry.sessions[id] = nil
            connection.attached(nil)
            session.couldNotBegin()
            throw error
        }
        connection.send(AttachReply.attached(session: "\(id)", resume: session.resumeText), continues: true)
        let client = "session \(id) of process \(parameters.pid)"
        registry.log.info("\(client) attached", backend: session.backend?.id)
        registry.events.report("session", backend: session.backend?.id, session: "\(id)", text: "\(client) attached")
    }

    private func metaTools(_ word: String?) throws(ControlError) -> MetaToolMode? {
        guard let word else { return nil }
        guard let mode = MetaToolMode(rawValue: word) else {
            throw .invalidParameter(
                parameter: "meta_tools", reason: "it is '\(word)', but must be one of on, auto, off")
        }
        return mode
    }

    private func open(
        _ session: Session, stdin: consuming Descriptor, stdout: consuming Descriptor,
        _ lost: LedgerReport.LostSession?
    ) throws(ControlError) {
        do {
            try session.open(stdin: stdin, stdout: stdout, lost: lost)
        } catch {
            throw .startFailed(backend: nil, reason: "\(error)")
        }
    }

    /// Finds the session's repository, or leaves it in the lobby until the client tells.
    ///
    /// - Parameter known: the one that it has told.
    private func place(
        _ session: Session, _ command: ServerCommand, _ parameters: AttachParameters, _ resume: [UInt8]?,
        _ known: String?
    ) throws(ControlError) {
        let here = session.facts.workingDirectory
        if command.share == .user { return try session.join(repository: here, resume: resume) }
        let choice = Repository.choose(
            named: parameters.repo, projectDirectory: command.projectDirectory, workingDirectory: here,
            home: OwnProcess.home)
        switch choice {
        case .found(let root): try session.join(repository: root, resume: resume)
        // Whoever shares with nobody needs no repository: the server runs where the agent is, as it would without us.
        case .askClient where command.share == .session: try session.join(repository: here, resume: resume)
        case .askClient:
            if let known { return try session.join(repository: known, resume: resume, place: known) }
            let anywhere = command.key(repository: nil, workingDirectory: here, home: OwnProcess.home, session: "")
            let promise = registry.snapshots.promise(of: anywhere)
            session.wait(in: Lobby(server: command.name, refusal: nil, promise: promise))
        case .refused(let reason): session.wait(in: Lobby(server: command.name, refusal: reason))
        }
    }

    /// The path of the directory that came with the call. The descriptor is what counts: a path that leads elsewhere
    /// (renamed, deleted, another mount namespace) would share the wrong backend.
    private func workingDirectory(_ descriptor: borrowing Descriptor) throws(ControlError) -> String {
        guard let path = Files.link("/proc/self/fd/\(descriptor.raw)"), path.hasPrefix("/"),
            let held = Files.identity(of: descriptor.raw), let named = Files.identity(path),
            held.device == named.device, held.inode == named.inode
        else {
            throw .refused(
                reason: "the working directory has no path here: it was deleted, renamed, or is in a container; "
                    + "start the agent in a directory that exists")
        }
        return path
    }

    func backend(for key: SharingKey) throws(ControlError) -> Backend {
        do {
            return registry.backend(for: key, directory: try openDirectory(key.directory))
        } catch {
            throw .startFailed(backend: nil, reason: "\(error)")
        }
    }
}
