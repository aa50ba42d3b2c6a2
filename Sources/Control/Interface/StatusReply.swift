// SPDX-License-Identifier: Apache-2.0

/// How backends are started.
public enum LauncherKind: String, Codable, Sendable {
    /// In transient scopes of the user's service manager.
    case systemd
    /// As children, without limits that the kernel enforces.
    case direct
}

/// The supervisor in `Status`.
public struct SupervisorStatus: Codable, Sendable, Equatable {
    public struct Memory: Codable, Sendable, Equatable {
        public var pssBytes: Int64?
        public init(pssBytes: Int64?) { self.pssBytes = pssBytes }
        enum CodingKeys: String, CodingKey { case pssBytes = "pss_bytes" }
    }

    public var version: String
    public var pid: Int32
    public var uptimeSeconds: Double
    public var launcher: Word<LauncherKind>
    public var memory: Memory
    /// `v2`, `hybrid`, `v1` or `none`.
    public var cgroup: String
    /// The limits of the slice: all backends together.
    public var limits: Limits
    /// Whether the kernel holds backends to their limits here.
    public var limitsEnforced: Bool?
    public var draining: Bool?
    /// By what the supervisor hears of shortages of memory; none while no backend runs.
    public var pressureSources: [String]?
    public var search: SearchStatus?
    public var warnings: [String]?

    public init(
        version: String, pid: Int32, uptimeSeconds: Double, launcher: LauncherKind, memory: Memory, cgroup: String,
        limits: Limits, limitsEnforced: Bool, draining: Bool, pressureSources: [String] = [],
        search: SearchStatus?, warnings: [String]
    ) {
        self.version = version
        self.pid = pid
        self.uptimeSeconds = uptimeSeconds
        self.launcher = Word(launcher)
        self.memory = memory
        self.cgroup = cgroup
        self.limits = limits
        self.limitsEnforced = limitsEnforced
        self.draining = draining
        self.pressureSources = pressureSources
        self.search = search
        self.warnings = warnings
    }

    enum CodingKeys: String, CodingKey {
        case version, pid
        case uptimeSeconds = "uptime_s"
        case launcher, memory, cgroup, limits
        case limitsEnforced = "limits_enforced"
        case draining
        case pressureSources = "pressure_sources"
        case search, warnings
    }
}

/// What sharing saves right now, in bytes of PSS.
public struct Savings: Codable, Sendable, Equatable {
    public var unsharedBytes: Int64
    public var sharedBytes: Int64
    public var method: String

    public init(unsharedBytes: Int64, sharedBytes: Int64, method: String) {
        self.unsharedBytes = unsharedBytes
        self.sharedBytes = sharedBytes
        self.method = method
    }

    enum CodingKeys: String, CodingKey {
        case unsharedBytes = "unshared_bytes"
        case sharedBytes = "shared_bytes"
        case method
    }
}

/// The answer to `Status`, and the document that `mcpctl status --json` prints.
public struct StatusReply: Codable, Sendable, Equatable {
    public var supervisor: SupervisorStatus
    public var backends: [BackendStatus]
    public var sessions: [SessionStatus]
    public var savings: Savings

    public init(supervisor: SupervisorStatus, backends: [BackendStatus], sessions: [SessionStatus], savings: Savings) {
        self.supervisor = supervisor
        self.backends = backends
        self.sessions = sessions
        self.savings = savings
    }
}
