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

    /// Ends backends whose supervisor is gone. Processes of another pid namespace, a container's, are not ours to
    /// judge: their supervisor's pid means another process here.
    private func reapLeftBehind() async {
        let namespace = ProcessTable.pidNamespace(of: OwnProcess.pid)
        let adopted = Set(backends.values.compactMap { $0.process?.launched.cgroup })
        for pid in ProcessTable.parents().keys {
            guard let text = ProcessTable.environmentValue(BackendMark.variable, of: pid),
                let mark = BackendMark(text), mark.isOrphaned, ProcessTable.pidNamespace(of: pid) == namespace,
                mayEnd(in: UnitCgroup.path(ofProcess: pid) ?? "", adopted)
            else { continue }
            log.notice("ending process \(pid): backend \(mark.backend) outlived its supervisor")
            OwnProcess.send(9, to: pid)
        }
        await (launcher as? ScopeLauncher)?.resetLeftBehind()
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
    /// Forgets scopes without processes that failed or hang about since an earlier supervisor's time. Sessions attach
    /// meanwhile: what they have started since is not looked at.
    func resetLeftBehind() async {
        guard let open = try? bus.open() else { return }
        let units = (try? await open.listUnits(patterns: ["app-mcp-*.scope"])) ?? []
        for unit in units where !started.contains(unit.name) {
            guard let path = try? await open.string("ControlGroup", of: unit.name, .scope) else { continue }
            if !UnitCgroup(path: path, hierarchy: support.hierarchy).processes.isEmpty { continue }
            try? await open.stopUnit(unit.name)
            try? await open.resetFailedUnit(unit.name)
        }
    }
}
