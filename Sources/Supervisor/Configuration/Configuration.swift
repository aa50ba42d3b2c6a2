// SPDX-License-Identifier: Apache-2.0

public import Control
public import Multiplexer
public import ToolSearch

/// What the configuration files say, checked. Times are milliseconds, sizes bytes.
public struct Configuration: Sendable, Equatable {
    /// How long a backend stays after its last session and request; ``TimeSpan/forever``: for good.
    public var idleTimeout: Int64 = 10 * 60_000
    /// How long until an idle backend is frozen; ``TimeSpan/forever``: never.
    public var hibernateAfter: Int64 = TimeSpan.forever
    /// Whether shortages of memory are listened for.
    public var memoryPressureWatch = PressureListening.auto
    /// How long processes must have waited for memory within two seconds.
    public var memoryPressureThreshold: Int64 = 200
    /// What is to stay available on the machine, in bytes; `nil`: where the kernel does not tell of stalls, a twentieth.
    public var memoryReserve: Int64?
    public var stopUnderPressure = PressureStop.unused
    public var clientLimits = ClientLimits()
    /// How long the supervisor stays with no session and no backend.
    public var exitIdleTime: Int64 = 60_000
    /// How long a backend may take from its launch to the end of its handshake; ``TimeSpan/forever``: without end.
    public var startTimeout: Int64 = 60_000
    /// Requests of all sessions at one backend at once.
    public var backendRequests: Int64 = 1024
    /// How long a backend may take from its closed stdin to its end before it is terminated.
    public var stopTimeout: Int64 = 2_000
    /// Limits of the slice: all backends together.
    public var sliceLimits = Limits()
    /// Names, or beginnings of names followed by `*`, that say nothing about a server: added to the built-in list.
    public var ignoreEnvironment: [String] = []
    /// The only variables that separate and are handed over, beside a few that every program needs; nil: all that are not
    /// ignored.
    public var passEnvironment: [String]?
    /// Clients that fetch definitions when they need them, added to the built-in list: `auto` leaves them alone.
    public var deferringClients: [String] = []
    public var defaults = Configuration.builtInLimits
    public var servers: [String: ServerConfiguration] = [:]

    public init() {}

    /// A soft limit that slows a backend down, and a generous hard one: tight limits kill ordinary servers.
    public static let builtInLimits = Limits(memoryHigh: 1 << 30, memoryMax: 4 << 30, tasksMax: 512)
}

/// One `[server.NAME]` table.
public struct ServerConfiguration: Sendable, Equatable {
    /// The command; `{repo}` stands for the repository's path.
    public var command: [String]?
    public var share: Sharing?
    /// Instead of ``Configuration/passEnvironment``.
    public var passEnvironment: [String]?
    public var idleTimeout: Int64?
    public var hibernateAfter: Int64?
    public var stopUnderPressure: PressureStop?
    public var startTimeout: Int64?
    public var backendRequests: Int64?
    public var limits = Limits()
    /// Tools that change what others share: hidden and refused.
    public var denyTools: [String] = []
    /// Tools that change what others share: a session that calls one gets a backend of its own. Nil: what is known of
    /// the server holds.
    public var privateTools: [PrivateTool]?
    /// Tools that get the backend to themselves while they run.
    public var interactiveTools: [String] = []
    public var era: EraChoice = .legacy
    /// What the server is told of roots, and what becomes of requests and calls that are out of the ordinary.
    public var roots = RootsPolicy.repo
    public var unknownRequests = UnknownRequests.pass
    public var unattributedNotifications = UnattributedNotifications.drop
    public var retryTools = RetryTools.never
    /// Whether sessions see meta-tools; nil: the shim decides.
    public var metaTools: MetaToolMode?
    /// Whether calls that only read have a meta-tool of their own.
    public var metaSplit = false
    /// Tools that stay visible beside the meta-tools.
    public var metaPins: [String] = []
    /// Calls to repeat after each start.
    public var onStart: [StartCall] = []
    public var repositories: [String: RepositoryConfiguration] = [:]

    public init() {}
}

/// One `[server.NAME.repo."PATH"]` table.
public struct RepositoryConfiguration: Sendable, Equatable {
    public var idleTimeout: Int64?
    public var hibernateAfter: Int64?
    public var limits = Limits()
    public init() {}
}

/// `MemoryPressureWatch`.
public enum PressureListening: String, Sendable, CaseIterable {
    case auto, off
}

/// How much clients may ask of us. Sizes are bytes, times milliseconds.
public struct ClientLimits: Sendable, Equatable {
    /// Requests of one session at its backend at once.
    public var sessionRequests: Int64 = 64
    /// Sessions at once.
    public var sessions: Int64 = 1024
    /// Control connections at once; each session has one.
    public var connections: Int64 = 4096
    /// One message, in either direction.
    public var messageSize: Int64 = 64 << 20
    /// What may wait for an agent that does not read.
    public var outputQueue: Int64 = 96 << 20
    /// How long an agent for whom as much waits may read nothing.
    public var outputTimeout: Int64 = 60_000
    /// Bytes of a message to a client by its name, or the beginning of its name followed by `*`.
    public var messageSizeToClient: [String: Int64] = [:]
    /// Lines that are no messages, of one session.
    public var garbage: Int64 = 1 << 20
    /// How long a client may take to name its roots.
    public var rootsTimeout: Int64 = 10_000
}

/// Which era a backend is spoken to in.
public enum EraChoice: String, Sendable, CaseIterable, Codable {
    case legacy, auto, modern
}

/// A tool call from `on_start`.
public struct StartCall: Sendable, Equatable {
    public var tool: String
    /// The arguments as JSON text.
    public var arguments: String
}

extension Configuration {
    /// What holds for one server in one repository: defaults, then the server's, then the repository's.
    public func effective(server name: String, repository: String) -> EffectiveConfiguration {
        let server = servers[name] ?? ServerConfiguration()
        let local = server.repositories[repository] ?? RepositoryConfiguration()
        return EffectiveConfiguration(
            limits: defaults.overridden(by: server.limits).overridden(by: local.limits),
            idleTimeout: local.idleTimeout ?? server.idleTimeout ?? idleTimeout,
            hibernateAfter: local.hibernateAfter ?? server.hibernateAfter ?? hibernateAfter,
            stopUnderPressure: server.stopUnderPressure ?? stopUnderPressure,
            startTimeout: server.startTimeout ?? startTimeout, stopTimeout: stopTimeout,
            backendRequests: server.backendRequests ?? backendRequests, clientLimits: clientLimits,
            deferringClients: deferringClients, server: server)
    }
}

/// The configuration of one backend.
public struct EffectiveConfiguration: Sendable, Equatable {
    public var limits: Limits
    public var idleTimeout: Int64
    public var hibernateAfter: Int64
    public var stopUnderPressure: PressureStop
    public var startTimeout: Int64
    public var stopTimeout: Int64
    public var backendRequests: Int64
    public var clientLimits: ClientLimits
    public var deferringClients: [String] = []
    public var server: ServerConfiguration
}
