// SPDX-License-Identifier: Apache-2.0

/// What the machine is told about its server. All times are milliseconds.
public struct MultiplexerConfiguration: Sendable, Codable {
    /// The server's name, for error texts.
    public var server = "server"
    /// One session has the backend to itself: everything passes between them as it is.
    public var isPrivate = false
    /// What the backend speaks, until a start says otherwise.
    public var era = BackendEra.legacy
    /// What `roots/list` is answered with: `file://` URIs or absolute paths. Empty: roots are not declared.
    public var repositoryRoots: [String] = []
    public var roots = RootsPolicy.repo
    public var unknownRequests = UnknownRequests.pass
    public var unattributedNotifications = UnattributedNotifications.drop
    public var retryTools = RetryTools.never
    /// The client that the backend sees (a fixed profile: protocol.md §2.7 a).
    public var clientName = "mcp-supervisor"
    public var clientVersion = "0"
    /// Tools that are hidden from lists and answered with an error result.
    public var denyTools: Set<String> = []
    /// Tools that change what sessions share: whoever calls one moves to a backend of its own.
    public var privateTools: [PrivateTool] = []
    /// This backend is one that a session moved to.
    public var isMoved = false
    /// Tools whose calls may ask the user: their calls run alone. `*` stands for every tool.
    public var interactiveTools: Set<String> = []
    /// Requests of one session at the backend; more wait in the session's queue.
    public var maximumInFlightPerSession = 64
    /// Requests of all at the backend; more wait in the sessions' queues.
    public var maximumInFlight = 1024
    /// Tools that are called whenever the backend has started.
    public var startCalls: [CallAtStart] = []
    public var handshakeTimeout = 60_000
    public var listTimeout = 60_000
    /// How long a list is believed of a backend that does not announce changes.
    public var listLifetime = 30_000
    /// Bursts of list_changed within this time become one.
    public var listChangedDelay = 200
    /// How long a cancelled request's id is remembered without an answer.
    public var tombstoneLifetime = 600_000
    /// How long a cancelled request may still be running after the backend has read the cancellation.
    public var timeToStop = 5000
    /// How long answers are awaited after the agent closed its input.
    public var inputEndedGrace = 1000
    /// Longer messages are refused toward a client; its transport would break.
    public var maximumLineToClient = 64 << 20 { didSet { noteLineLimits() } }
    /// Clients that take less; the first one that fits holds.
    public var clientMessageLimits: [ClientMessageLimit] = [] { didSet { noteLineLimits() } }
    /// No limit is below: what is shorter needs no second look.
    private(set) var shortestLineLimit = 64 << 20
    /// Bytes of a session's lines that wait. It is not read long before that, unless its client is asked something: then
    /// it must be heard, and what comes beyond is refused.
    public var maximumQueue = 64 << 20
    /// Listens of one session; they end only when the client wants it.
    public var maximumListens = 1024
    /// Resources that one session is subscribed to.
    public var maximumSubscriptions = 4096
    /// Bytes of a session's lines that are no messages, after which it is ended.
    public var maximumSessionGarbage = 1 << 20
    /// Bytes of garbage before the first message, after which a start counts as failed.
    public var maximumGarbage = 1 << 20

    public init() {}

    private mutating func noteLineLimits() {
        shortestLineLimit = min(maximumLineToClient, clientMessageLimits.map(\.bytes).min() ?? .max)
    }
}
