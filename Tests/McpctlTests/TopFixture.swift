// SPDX-License-Identifier: Apache-2.0
import Control

/// Statuses to draw.
enum TopFixture {
    /// Two backends, of which the first has these counts, and two sessions.
    static func status(cpu: Double?, calls: Int?) -> StatusReply {
        var first = backend("alpha-library", bytes: 1 << 20)
        first.cpuSeconds = cpu
        first.calls = calls
        return status(
            [first, backend("beta-library", bytes: 2 << 20)],
            [session("s1", of: "alpha-library"), session("s2", of: "beta-library")])
    }

    static func status(backends: Int, sessions: Int) -> StatusReply {
        status(
            (0..<backends).map { backend("server\($0)-library", bytes: Int64($0) << 20) },
            (0..<sessions).map { session("s\($0)", of: "server\($0 % max(1, backends))-library") })
    }

    private static func status(_ backends: [BackendStatus], _ sessions: [SessionStatus]) -> StatusReply {
        StatusReply(
            supervisor: SupervisorStatus(
                version: "0.1.0", pid: 1, uptimeSeconds: 61, launcher: .systemd, memory: .init(pssBytes: 1 << 20),
                cgroup: "v2", limits: Limits(memoryMax: 6 << 30), limitsEnforced: true, draining: false, search: nil,
                warnings: []),
            backends: backends, sessions: sessions,
            savings: Savings(unsharedBytes: 2 << 20, sharedBytes: 1 << 20, method: "m"))
    }

    private static func backend(_ id: String, bytes: Int64) -> BackendStatus {
        BackendStatus(
            id: id, server: "x", repo: "/home/u/library", share: .repo, state: .ready, unit: "u", pid: 7, generation: 1,
            era: .legacy, sessions: 1, holds: 0, inFlight: 0, restarts: 0, memory: BackendMemory(currentBytes: bytes),
            limits: Limits(memoryMax: 1 << 30), startedAt: "2027-01-15T07:00:00Z", idleSince: nil, lastExit: nil)
    }

    private static func session(_ id: String, of backend: String) -> SessionStatus {
        SessionStatus(
            id: id, pid: 8, client: ClientInfo(name: "claude-code", version: "2.1"), protocol: "2025-11-25",
            cwd: "/home/u/library", repo: "/home/u/library", server: "x", backend: backend, inFlight: 0,
            metaTools: false, attachedAt: "2027-01-15T07:00:00Z")
    }
}
