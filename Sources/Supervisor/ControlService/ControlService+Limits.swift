// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

extension ControlService {
    /// Reads or changes limits: of a backend, of a server's backends, or of all together.
    func setLimits(_ parameters: SetLimitsParameters) async throws(ControlError) -> SetLimitsReply {
        let chosen = [parameters.backend != nil, parameters.server != nil, parameters.total == true]
        guard chosen.filter(\.self).count == 1 else {
            throw .invalidParameter(parameter: "backend", reason: "name a backend, a server, or the total: one of them")
        }
        if let text = parameters.backend { return try await limits(of: find(text), parameters) }
        if let server = parameters.server { return try await limits(ofServer: server, parameters) }
        return try await totalLimits(parameters)
    }

    private func limits(of backend: Backend, _ parameters: SetLimitsParameters) async throws(ControlError)
        -> SetLimitsReply
    {
        var file: String?
        if let set = parameters.set {
            if let process = backend.process { try await apply(set, process.launched) }
            backend.configuration.limits = backend.configuration.limits.overridden(by: set)
            if parameters.persist == true {
                file = try persist(set, ["server", backend.key.server, "repo", backend.key.repository])
            }
        }
        let held: Limits? =
            if let process = backend.process { await registry.launcher.limits(of: process.launched) } else { nil }
        return SetLimitsReply(
            limits: held ?? backend.configuration.limits, unit: backend.process?.launched.unit, persisted: file)
    }

    private func limits(
        ofServer server: String, _ parameters: SetLimitsParameters
    ) async throws(ControlError) -> SetLimitsReply {
        let backends = registry.backends.values.filter { $0.key.server == server }
        guard !backends.isEmpty || registry.configuration.servers[server] != nil else {
            throw .noServer(server, known: registry.configuration.servers.keys.sorted())
        }
        var file: String?
        if let set = parameters.set {
            for backend in backends {
                if let process = backend.process { try await apply(set, process.launched) }
                backend.configuration.limits = backend.configuration.limits.overridden(by: set)
            }
            if parameters.persist == true { file = try persist(set, ["server", server]) }
        }
        let effective = registry.configuration.effective(server: server, repository: "").limits
        return SetLimitsReply(
            limits: effective.overridden(by: parameters.set ?? Limits()), unit: nil, persisted: file)
    }

    private func totalLimits(_ parameters: SetLimitsParameters) async throws(ControlError) -> SetLimitsReply {
        guard let scopes = registry.launcher as? ScopeLauncher else {
            throw .limitsFailed(reason: "the direct launcher has no slice, so there is no total to limit")
        }
        var file: String?
        if let set = parameters.set {
            do {
                try await scopes.setTotalLimits(set)
            } catch {
                throw .limitsFailed(reason: "\(error)")
            }
            if parameters.persist == true { file = try persist(set, ["slice_limits"]) }
        }
        let held = await scopes.limits(ofUnit: ScopeLauncher.slice, .slice)
        return SetLimitsReply(
            limits: held ?? registry.configuration.sliceLimits, unit: ScopeLauncher.slice, persisted: file)
    }

    private func apply(_ limits: Limits, _ backend: LaunchedBackend) async throws(ControlError) {
        do {
            try await registry.launcher.setLimits(limits, of: backend)
        } catch {
            throw .limitsFailed(reason: "\(error)")
        }
    }

    /// Writes limits into the file that is ours, and reads the whole configuration again.
    private func persist(_ limits: Limits, _ path: [String]) throws(ControlError) -> String {
        guard let name = registry.files.writableLimitsFile else {
            throw .configurationFailed(
                reason: "--persist has nowhere to write: the supervisor reads \(registry.files.main) only (--config); "
                    + "set the limits there")
        }
        do {
            var file = try LimitsFile(reading: name)
            file.set(limits, at: path)
            try Files.makeDirectory(registry.files.fragments)
            try Files.replace(name, with: Array(file.text.utf8), mode: 0o644)
            _ = try registry.reload()
        } catch {
            throw .configurationFailed(reason: "\(error)")
        }
        return name
    }
}
