// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Posix

extension ControlService {
    /// A backend by its id, a unique beginning of it, or a repository's absolute path.
    func find(_ text: String) throws(ControlError) -> Backend {
        if text.isEmpty {
            throw .invalidParameter(parameter: "backend", reason: "the backend's name is empty; give its id")
        }
        // Our working directory is not the caller's.
        if text.contains("/"), !text.hasPrefix("/") {
            throw .invalidParameter(
                parameter: "backend", reason: "'\(text)' is a relative path; give the directory's absolute one")
        }
        let all = registry.backends.values
        if let exact = all.first(where: { $0.id == text }) { return exact }
        let path = Files.resolved(text).map { ExactText(Repository.workTree(around: $0) ?? $0) }
        let matches = all.filter { backend in
            text.contains("/") ? ExactText(backend.key.repository) == path : backend.id.hasPrefix(text)
        }
        guard let first = matches.first else { throw .noBackend(text) }
        guard matches.count == 1 else { throw .ambiguous(text, matches: matches.map(\.id).sorted()) }
        return first
    }

    /// Starts or finds a backend and holds it.
    func request(_ parameters: RequestParameters) async throws(ControlError) -> BackendReply {
        if registry.isDraining { throw .draining(reason: "the supervisor starts nothing more, it is being replaced") }
        let command = try ServerCommand(
            argv: parameters.argv, name: parameters.name, share: parameters.share,
            environment: parameters.environment, rawEnvironment: parameters.rawEnvironment,
            configuration: registry.configuration, ignored: registry.ignored)
        let here = try workingDirectory(parameters.cwd)
        let root = try repository(of: command, named: parameters.repo, here)
        let key = command.key(
            repository: root, workingDirectory: here ?? root, home: OwnProcess.home, session: registry.nonce(),
            umask: parameters.umask)
        let backend = try backend(for: key)
        let hold = backend.hold(milliseconds: parameters.holdSeconds.map(TimeSpan.milliseconds(ofSeconds:)))
        backend.needed()
        await reach(.ready, backend)
        guard backend.state == .ready else {
            backend.release(hold)
            let reason = "backend \(backend.id) \(backend.lastFailure ?? "did not start")"
            throw .startFailed(backend: backend.id, reason: reason)
        }
        return await reply(backend)
    }

    private func workingDirectory(_ path: String?) throws(ControlError) -> String? {
        guard let path else { return nil }
        guard path.hasPrefix("/"), let real = Files.resolved(path), Files.identity(real)?.isDirectory == true else {
            throw .invalidParameter(
                parameter: "cwd", reason: "the working directory '\(path)' is no absolute path of a directory")
        }
        return real
    }

    /// Where a session's place would be. What only its client could tell, the working directory stands for.
    private func repository(
        of command: ServerCommand, named: String?, _ here: String?
    ) throws(ControlError) -> String {
        if command.share == .user, let here { return here }
        let choice = Repository.choose(
            named: named, projectDirectory: command.projectDirectory, workingDirectory: here, home: OwnProcess.home)
        switch choice {
        case .found(let root): return root
        case .refused(let reason): throw .invalidParameter(parameter: "repo", reason: reason)
        case .askClient:
            if let here { return Repository.workTree(around: here) ?? here }
            throw .invalidParameter(parameter: "repo", reason: "no repository was named; use --repo PATH")
        }
    }

    /// Gives back what `Request` took.
    func release(_ parameters: ReleaseParameters) async throws(ControlError) -> BackendReply {
        let backend = try find(parameters.backend)
        if let hold = backend.holds.keys.max() { backend.release(hold) }
        if parameters.now == true, backend.isIdle {
            backend.stop()
            await reach(.stopped, backend)
        }
        return await reply(backend)
    }

    func stop(_ parameters: StopParameters) async throws(ControlError) -> BackendReply {
        let backend = try find(parameters.backend)
        backend.stop()
        await reach(.stopped, backend)
        return await reply(backend)
    }

    func restart(_ parameters: RestartParameters) async throws(ControlError) -> BackendReply {
        let backend = try find(parameters.backend)
        let before = backend.generation
        backend.restart()
        if backend.state == .stopping { await reach(.starting, backend) }
        await reach(.ready, backend)
        guard backend.generation > before, backend.state == .ready || backend.state == .idle else {
            let reason = "backend \(backend.id) \(backend.lastFailure ?? "did not start")"
            throw .startFailed(backend: backend.id, reason: reason)
        }
        return await reply(backend)
    }

    /// Accepts the tools as they are now.
    func trust(_ parameters: TrustParameters) async throws(ControlError) -> BackendReply {
        let backend = try find(parameters.backend)
        backend.trustTools()
        return await reply(backend)
    }

    /// Waits until a backend is in a state, or has failed to get there.
    private func reach(_ state: BackendState, _ backend: Backend) async {
        if backend.state == state || (state == .ready && backend.state == .idle) { return }
        if backend.state == .stopped, state != .starting { return }
        await withCheckedContinuation { continuation in
            backend.waitingForState.append((state, { continuation.resume() }))
        }
    }

    private func reply(_ backend: Backend) async -> BackendReply { BackendReply(backend: await backend.status()) }

    func logs(_ parameters: LogsParameters) throws(ControlError) -> LogsReply {
        let backend = try find(parameters.backend)
        let file = (registry.launcher as? DirectLauncher)?.logFile(of: backend.id)
        return LogsReply(
            identifier: backend.id, unit: backend.process?.launched.unit, file: file, journal: file == nil)
    }

    func call(_ parameters: CallParameters) async throws(ControlError) -> ResultReply {
        let backend = try find(parameters.backend)
        let outcome = await withCheckedContinuation { continuation in
            backend.call(tool: parameters.tool, arguments: parameters.arguments?.value) {
                continuation.resume(returning: $0)
            }
        }
        return ResultReply(result: JSONDocument(try result(of: outcome, backend)))
    }

    func result(of outcome: CallOutcome, _ backend: Backend) throws(ControlError) -> JSONValue {
        switch outcome {
        case .failed(let reason): throw .startFailed(backend: backend.id, reason: reason)
        case .answered(let answer):
            if let result = answer["result"] { return result }
            let text = answer["error"]?["message"]?.stringValue ?? "an error without a message"
            throw .refused(reason: "backend \(backend.id) answered: \(text)")
        }
    }
}
