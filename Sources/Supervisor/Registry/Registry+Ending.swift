// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

extension Registry {
    /// After the launcher is known: what an earlier supervisor left behind is ended, and the slice gets its limits.
    func launcherIsReady() async {
        await reapLeftBehind()
        guard let scopes = launcher as? ScopeLauncher, configuration.sliceLimits != Limits() else { return }
        do {
            try await scopes.setTotalLimits(configuration.sliceLimits)
        } catch {
            log.warning("\(error), ignoring")
        }
    }

    /// Ends backends whose supervisor is gone: scopes by what the bus says of them, then what carries a mark. Processes of
    /// another pid namespace, a container's, are not ours to judge: their supervisor's pid means another process here.
    func reapLeftBehind() async {
        if let scopes = launcher as? ScopeLauncher { await reapScopes(of: scopes) }
        let namespace = ProcessTable.pidNamespace(of: OwnProcess.pid)
        let adopted = Set(backends.values.compactMap { $0.process?.launched.cgroup })
        for pid in ProcessTable.parents().keys {
            guard let start = ProcessTable.startTime(of: pid),
                let text = ProcessTable.environmentValue(BackendMark.variable, of: pid),
                let mark = BackendMark(text), mark.isOrphaned, ProcessTable.pidNamespace(of: pid) == namespace,
                mayEnd(in: UnitCgroup.path(ofProcess: pid) ?? "", adopted)
            else { continue }
            log.notice("ending process \(pid): backend \(mark.backend) outlived its supervisor")
            ChildProcess.seen(pid, startedAt: start)?.signal(9)
        }
    }

    /// Stops scopes that an earlier supervisor left. Sessions attach meanwhile: what they have started since is not looked
    /// at, and neither is what another supervisor of this user runs.
    private func reapScopes(of launcher: ScopeLauncher) async {
        for scope in await launcher.scopes() {
            let isAdopted = backends.values.contains { $0.process?.launched.unit == scope.name }
            guard !isAdopted, !launcher.started.contains(scope.name) else { continue }
            switch await launcher.remains(of: scope) {
            case .running where !launcher.started.contains(scope.name):
                log.notice("stopped: it outlived its supervisor", unit: scope.name)
                stopLeftBehind(scope.name)
            case .empty: stopLeftBehind(scope.name)
            case .running, nil: break
            }
        }
    }

    /// Adopted backends keep the mark of a supervisor that is gone. Of scopes the service's supervisor knows which those
    /// are; one without a bus does not, and what it has started itself stands in none.
    private func mayEnd(in cgroup: String, _ adopted: Set<String>) -> Bool {
        guard let scope = cgroup.split(separator: "/").first(where: { $0.hasPrefix("app-mcp-") }) else { return true }
        guard launcher is ScopeLauncher, !beingStopped.contains(String(scope)) else { return false }
        return !adopted.contains { cgroup == $0 || cgroup.hasPrefix($0 + "/") }
    }

    /// A supervisor that a shim started stands in the agent's own scope, and would end with the agent's terminal.
    func moveOutOfAgentScope(isHandedOver: Bool) async {
        guard isHandedOver, Installation.service() == nil, let scopes = launcher as? ScopeLauncher else { return }
        let unit = "mcp-supervisor-\(nonce()).scope"
        let properties: [UnitProperty] = [
            .string("Description", "MCP supervisor, started by mcp-shim"), .string("Slice", "app.slice"),
            .pids([UInt32(OwnProcess.pid)]),
        ]
        do {
            try await scopes.bus.open().startTransientScope(unit, properties: properties)
        } catch {
            log.notice("stays in the scope of the agent that started it: \(error)")
        }
    }

    /// Answers what waits, ends every backend, and closes. Sessions are not ended: their shims attach again.
    func stopEverything() async {
        isEnding = true
        embedder?.stop()
        for backend in backends.values { backend.stop() }
        for backend in backends.values where backend.process != nil || backend.state == .stopping {
            await withCheckedContinuation { continuation in
                backend.waitingForState.append((.stopped, { continuation.resume() }))
            }
        }
        streams.flushAll()
    }

    /// Gives back the pages that only the start needed.
    func releaseStartupMemory() { OwnProcess.releaseUnusedMemory() }
}

extension ScopeLauncher {
    /// What an earlier supervisor can have left.
    enum Remains { case running, empty }

    /// All scopes of backends, whoever made them.
    func scopes() async -> [UnitInfo] {
        guard let open = try? bus.open() else { return [] }
        return (try? await open.listUnits(patterns: ["app-mcp-*.scope"])) ?? []
    }

    /// Whether a scope that we neither started nor adopted is one of a predecessor's: there is one supervisor of our
    /// service at a time, and scopes go down with theirs (PartOf=). Its processes may have lost their mark (`env -i`).
    ///
    /// - Returns: nil for what is another supervisor's, or only about to begin.
    func remains(of scope: UnitInfo) async -> Remains? {
        guard scope.activeState != "inactive", scope.activeState != "activating", let open = try? bus.open(),
            let path = try? await open.string("ControlGroup", of: scope.name, .scope)
        else { return nil }
        // Without a cgroup it holds nothing.
        if path.isEmpty || UnitCgroup(path: path, hierarchy: support.hierarchy).processes.isEmpty { return .empty }
        guard let service, let owners = try? await open.strings("PartOf", of: scope.name, .unit) else { return nil }
        return owners.contains(service) ? .running : nil
    }
}
