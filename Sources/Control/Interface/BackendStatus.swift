// SPDX-License-Identifier: Apache-2.0

/// The one vocabulary of a backend's life: code, `mcpctl status`, manual and log use these words.
public enum BackendState: String, Codable, Sendable, CaseIterable {
    case stopped, starting, ready, idle, hibernated, stopping, failed
}

/// How far a backend is shared.
public enum Sharing: String, Codable, Sendable, CaseIterable {
    /// One backend per repository (the default).
    case repo
    /// One backend for all of the user's sessions.
    case user
    /// One backend per session.
    case session
}

/// Which of the protocol's two eras a backend speaks.
public enum Era: String, Codable, Sendable {
    /// With a handshake (`initialize`).
    case legacy
    /// Without one.
    case modern
}

/// What was full when a backend ran out of memory.
public enum Shortage: String, Codable, Sendable, CaseIterable {
    /// Its own limit.
    case own
    /// The limit of all backends together.
    case total
    /// The machine, or the container that all of us are in.
    case machine
}

/// Why a backend's last process ended.
public struct BackendExit: Codable, Sendable, Equatable {
    /// The ways a process can end.
    public enum Reason: String, Codable, Sendable {
        case exit, signal, oom, timeout, limit, stopped
        /// It had outlived a supervisor, and the kernel does not tell how it ended.
        case unknown
    }

    public var reason: Word<Reason>
    /// The exit status, or the signal's number; -1 when it is not known.
    public var status: Int32
    /// RFC 3339, UTC.
    public var at: String
    /// The last lines it wrote, oldest first.
    public var stderrTail: [String]
    /// For `oom`: what was full, the limit that was met and the highest use, in bytes, as far as known.
    public var shortage: Word<Shortage>?
    public var limitBytes: Int64?
    public var peakBytes: Int64?

    public init(
        reason: Reason, status: Int32, at: String, stderrTail: [String] = [], shortage: Shortage? = nil,
        limitBytes: Int64? = nil, peakBytes: Int64? = nil
    ) {
        self.reason = Word(reason)
        self.status = status
        self.at = at
        self.stderrTail = stderrTail
        self.shortage = shortage.map(Word.init)
        self.limitBytes = limitBytes
        self.peakBytes = peakBytes
    }

    enum CodingKeys: String, CodingKey {
        case reason, status, at
        case stderrTail = "stderr_tail"
        case shortage
        case limitBytes = "limit_bytes"
        case peakBytes = "peak_bytes"
    }
}

/// What a backend's processes hold, in bytes; `nil` where the kernel does not tell.
public struct BackendMemory: Codable, Sendable, Equatable {
    /// What its cgroup holds now.
    public var currentBytes: Int64?
    /// The most its cgroup has held.
    public var peakBytes: Int64?
    /// The proportional set size of its processes.
    public var pssBytes: Int64?

    public init(currentBytes: Int64? = nil, peakBytes: Int64? = nil, pssBytes: Int64? = nil) {
        self.currentBytes = currentBytes
        self.peakBytes = peakBytes
        self.pssBytes = pssBytes
    }

    enum CodingKeys: String, CodingKey {
        case currentBytes = "current_bytes"
        case peakBytes = "peak_bytes"
        case pssBytes = "pss_bytes"
    }
}

/// A backend's sleep: its processes stand still, and what could be given back of their memory was.
public struct HibernationStatus: Codable, Sendable, Equatable {
    /// RFC 3339, UTC.
    public var since: String
    public var reclaimedBytes: Int64
    /// Why it was not more, where there is a reason.
    public var note: String?

    public init(since: String, reclaimedBytes: Int64, note: String?) {
        self.since = since
        self.reclaimedBytes = reclaimedBytes
        self.note = note
    }

    enum CodingKeys: String, CodingKey {
        case since
        case reclaimedBytes = "reclaimed_bytes"
        case note
    }
}

/// One backend in `Status`.
public struct BackendStatus: Codable, Sendable, Equatable {
    /// `serena-library-1f3a`.
    public var id: String
    public var server: String
    /// The repository's root; absolute.
    public var repo: String
    public var share: Word<Sharing>
    public var state: Word<BackendState>
    /// Its scope; `nil` while it has none.
    public var unit: String?
    public var pid: Int32?
    /// How often it was started.
    public var generation: Int
    public var era: Word<Era>
    public var sessions: Int
    /// How many `Request`s hold it.
    public var holds: Int
    /// Requests sent to it and not answered yet.
    public var inFlight: Int
    /// How often it was started again after it ended by itself.
    public var restarts: Int
    public var memory: BackendMemory
    public var limits: Limits
    /// RFC 3339, UTC; `nil` while it does not run.
    public var startedAt: String?
    /// RFC 3339, UTC; `nil` while somebody needs it.
    public var idleSince: String?
    public var lastExit: BackendExit?
    /// `nil` while it is awake.
    public var hibernation: HibernationStatus?
    /// Tools whose definition the server changed since the user last saw it, until `Trust`.
    public var changedTools: [String]?
    /// Processor time that its processes took, in seconds, since they started.
    public var cpuSeconds: Double?
    /// Tool calls answered, since the supervisor knows it.
    public var calls: Int?

    public init(
        id: String, server: String, repo: String, share: Sharing, state: BackendState, unit: String?, pid: Int32?,
        generation: Int, era: Era, sessions: Int, holds: Int, inFlight: Int, restarts: Int, memory: BackendMemory,
        limits: Limits, startedAt: String?, idleSince: String?, lastExit: BackendExit?,
        hibernation: HibernationStatus? = nil, changedTools: [String] = [], cpuSeconds: Double? = nil,
        calls: Int? = nil
    ) {
        self.id = id
        self.server = server
        self.repo = repo
        self.share = Word(share)
        self.state = Word(state)
        self.unit = unit
        self.pid = pid
        self.generation = generation
        self.era = Word(era)
        self.sessions = sessions
        self.holds = holds
        self.inFlight = inFlight
        self.restarts = restarts
        self.memory = memory
        self.limits = limits
        self.startedAt = startedAt
        self.idleSince = idleSince
        self.lastExit = lastExit
        self.hibernation = hibernation
        self.changedTools = changedTools
        self.cpuSeconds = cpuSeconds
        self.calls = calls
    }

    enum CodingKeys: String, CodingKey {
        case id, server, repo, share, state, unit, pid, generation, era, sessions, holds
        case inFlight = "in_flight"
        case restarts, memory, limits
        case startedAt = "started_at"
        case idleSince = "idle_since"
        case lastExit = "last_exit"
        case hibernation
        case changedTools = "changed_tools"
        case cpuSeconds = "cpu_s"
        case calls
    }
}
