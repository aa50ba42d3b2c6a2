// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import Systemd

extension ControlService {
    func status(_ parameters: StatusParameters) async throws(ControlError) -> StatusReply {
        let chosen = try parameters.backend.map { (text) throws(ControlError) in [try find(text)] }
        let backends = (chosen ?? Array(registry.backends.values)).sorted { $0.id < $1.id }
        var list: [BackendStatus] = []
        for backend in backends { list.append(await backend.status()) }
        let ids = Set(list.map(\.id))
        let sessions = registry.sessions.values.sorted { $0.id < $1.id }
            .filter { chosen == nil || $0.backend.map { ids.contains($0.id) } == true }
        let own = ProcessTable.proportionalSetSize(of: OwnProcess.pid)
        let supervisor = await supervisorStatus(pss: own)
        return StatusReply(
            supervisor: supervisor, backends: list, sessions: sessions.map(\.status),
            savings: savings(list, sessions, own))
    }

    private func supervisorStatus(pss: Int64?) async -> SupervisorStatus {
        let launcher = registry.launcher
        let scopes = launcher as? ScopeLauncher
        let limits = await scopes?.limits(ofUnit: ScopeLauncher.slice, .slice) ?? registry.configuration.sliceLimits
        let hierarchy = scopes?.support.hierarchy ?? CgroupSupport.probe(managerGroup: nil).hierarchy
        return SupervisorStatus(
            version: Control.version, pid: OwnProcess.pid,
            uptimeSeconds: Double(registry.now - registry.startedAt) / 1000, launcher: launcher.kind,
            memory: SupervisorStatus.Memory(pssBytes: pss), cgroup: hierarchy.word, limits: limits,
            limitsEnforced: launcher.enforcesLimits, draining: registry.isDraining,
            pressureSources: registry.pressure.sources, search: registry.embedder?.status,
            warnings: registry.warnings + [registry.searchTable.warning].compactMap(\.self)
                + registry.backends.values.compactMap(\.killsInWords).sorted()
                + registry.backends.values.compactMap(\.departureInWords).sorted())
    }

    /// What the sessions would cost with a backend each, against what runs.
    private func savings(_ backends: [BackendStatus], _ sessions: [Session], _ own: Int64?) -> Savings {
        var unshared: Int64 = 0
        var shared = own ?? 0
        for backend in backends {
            let size = backend.memory.pssBytes ?? backend.memory.currentBytes ?? 0
            unshared += size * Int64(max(1, backend.sessions))
            shared += size
        }
        for session in sessions { shared += ProcessTable.proportionalSetSize(of: session.facts.pid) ?? 0 }
        return Savings(
            unsharedBytes: unshared, sharedBytes: shared,
            method: "PSS of each backend times its sessions, against what runs: backends, supervisor and shims")
    }
}

extension CgroupSupport.Hierarchy {
    fileprivate var word: String {
        switch self {
        case .unified: "v2"
        case .hybrid: "hybrid"
        case .legacy: "v1"
        case .none: "none"
        }
    }
}

extension Backend {
    func status() async -> BackendStatus {
        var memory = BackendMemory()
        var held: Limits?
        var cpuSeconds: Double?
        if let process {
            memory = await registry.launcher.memory(of: process.launched)
            held = await registry.launcher.limits(of: process.launched)
            cpuSeconds = registry.launcher.cpuSeconds(of: process.launched)
        }
        return BackendStatus(
            id: id, server: key.server, repo: key.repository, share: key.share, state: state,
            unit: process?.launched.unit, pid: process?.launched.pid, generation: generation,
            era: multiplexer.era == .modern ? .modern : .legacy,
            sessions: sessions.count, holds: holds.count, inFlight: multiplexer.inFlight, restarts: restarts,
            memory: memory, limits: held ?? configuration.limits, startedAt: startedAt.map(Clock.rfc3339),
            idleSince: idleSince.map(Clock.rfc3339), lastExit: lastExit, hibernation: hibernationStatus,
            changedTools: pins.changedNames, cpuSeconds: cpuSeconds, calls: multiplexer.calls.total)
    }
}

extension Backend {
    fileprivate var hibernationStatus: HibernationStatus? {
        nap.map {
            HibernationStatus(
                since: Clock.rfc3339($0.since), reclaimedBytes: $0.reclaimed?.bytes ?? 0, note: $0.reclaimed?.note)
        }
    }
}

extension ClientInfo {
    /// As the client named itself, as far as it did.
    fileprivate init(_ info: JSONValue) {
        self.init(name: info["name"]?.stringValue ?? "unknown", version: info["version"]?.stringValue ?? "unknown")
    }
}

extension Session {
    var status: SessionStatus {
        let machine = backend?.multiplexer
        return SessionStatus(
            id: "\(id)", pid: facts.pid,
            client: machine?.clientInfo(of: id).map(ClientInfo.init),
            protocol: machine?.protocolVersion(of: id), cwd: facts.workingDirectory, repo: facts.repository,
            server: facts.server, backend: backend?.id, inFlight: machine?.inFlight(of: id) ?? 0,
            metaTools: hasMetaTools, attachedAt: Clock.rfc3339(facts.attachedAt))
    }
}
