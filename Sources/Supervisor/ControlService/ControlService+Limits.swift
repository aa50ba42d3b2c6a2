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
        try check(parameters.set ?? Limits())
        if let text = parameters.backend { return try await limits(of: find(text), parameters) }
        if let server = parameters.server { return try await limits(ofServer: server, parameters) }
        return try await totalLimits(parameters)
    }

    /// Whoever speaks to the socket may send any number.
    private func check(_ limits: Limits) throws(ControlError) {
        for property in LimitProperty.allCases {
            guard let value = limits[keyPath: property.keyPath] else { continue }
            do throws(LimitSyntaxError) {
                try property.check(value)
            } catch {
                throw .invalidParameter(parameter: property.rawValue, reason: error.description)
            }
        }
    }

    private func limits(of backend: Backend, _ parameters: SetLimitsParameters) async throws(ControlError)
        -> SetLimitsReply
    {
        let file = try await change([backend], .backend(backend.key, id: backend.id), parameters)
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
        let file = try await change(backends, .server(server), parameters)
        return SetLimitsReply(limits: registry.limits(ofServer: server), unit: nil, persisted: file)
    }

    /// - Returns: the file the change was written to.
    private func change(
        _ backends: [Backend], _ whose: LimitsOwner, _ parameters: SetLimitsParameters
    ) async throws(ControlError) -> String? {
        guard let set = parameters.set else { return nil }
        if registry.launcher is DirectLauncher, let running = backends.first(where: { $0.process != nil }) {
            throw .limitsFailed(reason: "\(LaunchError.limitsNotEnforced(running.id))")
        }
        guard parameters.persist == true else {
            for backend in backends { try await apply(set, backend) }
            registry.set(set, of: whose)
            return nil
        }
        let file = try persist(set, of: whose)
        // Not always what was asked for: a file that is read later may say something else.
        for backend in backends { try await apply(backend.configuration.limits.only(set), backend, writtenTo: file) }
        return file
    }

    private func totalLimits(_ parameters: SetLimitsParameters) async throws(ControlError) -> SetLimitsReply {
        guard let scopes = registry.launcher as? ScopeLauncher else {
            if parameters.set == nil { return SetLimitsReply(limits: registry.configuration.sliceLimits, unit: nil) }
            throw .limitsFailed(reason: "the direct launcher has no slice, so there is no total to limit")
        }
        var file: String?
        if let set = parameters.set {
            if parameters.persist == true { file = try persist(set, of: .total) }
            do {
                try await scopes.setTotalLimits(set)
            } catch {
                throw .limitsFailed(reason: Self.reason(error, writtenTo: file))
            }
        }
        let held = await scopes.limits(ofUnit: ScopeLauncher.slice, .slice)
        return SetLimitsReply(
            limits: held ?? registry.configuration.sliceLimits, unit: ScopeLauncher.slice, persisted: file)
    }

    private func apply(
        _ limits: Limits, _ backend: Backend, writtenTo file: String? = nil
    ) async throws(ControlError) {
        guard let process = backend.process else { return }
        do {
            try await registry.launcher.setLimits(limits, of: process.launched)
        } catch {
            throw .limitsFailed(reason: Self.reason(error, writtenTo: file))
        }
    }

    private static func reason(_ error: LaunchError, writtenTo file: String?) -> String {
        "\(error)" + (file.map { "; they are written to \($0), and hold from the next start" } ?? "")
    }

    /// Writes limits into the file that is ours, and reads the whole configuration again. What could not be read then is
    /// not written.
    private func persist(_ limits: Limits, of whose: LimitsOwner) throws(ControlError) -> String {
        do {
            guard let name = registry.files.writableLimitsFile else {
                throw ConfigurationError(
                    file: registry.files.main, line: nil,
                    reason: "only this file is read (--config); set the limits there")
            }
            var file = try LimitsFile(reading: name)
            file.set(limits, at: whose.path)
            _ = try registry.files.read(limits: file.text)
            try Files.makeDirectory(registry.files.fragments)
            try Files.replace(name, with: Array(file.text.utf8), mode: 0o644)
            try registry.limitsWereWritten(limits, of: whose)
            return name
        } catch {
            throw .configurationFailed(reason: "cannot persist the limits of \(whose): \(error)")
        }
    }
}
