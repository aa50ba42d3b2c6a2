// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import Systemd

/// One backend: its sessions, its process, and the machine between them.
///
/// Decisions are the ``Multiplexer``'s (messages) and the ``BackendLifecycle``'s (the process); this class performs them.
final class Backend {
    let key: SharingKey
    let name: BackendName
    unowned let registry: Registry
    /// Where it is started. Held open: a path may be renamed, a directory may not.
    let directory: Descriptor
    let createdAt = Clock.wallSeconds()
    var configuration: EffectiveConfiguration

    var multiplexer: Multiplexer
    /// What the server is told of its client; its snapshot holds for no other.
    let profile: String
    var actions = Actions()
    var lifecycle: BackendLifecycle
    var sessions: [SessionID: Session] = [:]
    let tools: BackendTools
    /// What its tools were when the user last trusted them.
    var pins: ToolPins
    var holds: [Int: EventSource?] = [:]
    var nextHold = 0
    /// Calls of mcpctl that wait for their answer.
    var waitingCalls: [UInt64: (CallOutcome) -> Void] = [:]
    var nextCall: UInt64 = 0
    /// Orders of a user that wait for the backend to be down, or up.
    var waitingForState: [(BackendState, () -> Void)] = []

    var process: BackendProcess?
    /// The start that the launcher has been asked for and has not answered: its generation.
    var launching: Int?
    var hibernation = Hibernation()
    /// Its sleep, while it sleeps.
    var nap: Nap?
    var sleepClock: EventSource?
    /// Why it does not sleep although it was to.
    var sleepFailure: String?
    var waitingForSleep: [() -> Void] = []
    /// When something last went to it or came from it.
    var lastUse: Int64 = 0
    /// What the service manager keeps of it for our successor.
    var record: BackendRecord?
    /// Sessions of a predecessor's that have not come back yet.
    var awaited: Set<SessionID> = []
    /// It outlived a supervisor that was killed, and the session that has it to itself has not come back yet.
    var expectsReturn = false
    var generation = 0
    var restarts = 0
    var lastExit: BackendExit?
    var lastFailure: String?
    /// `nil` when it did not even start.
    var lastCause: ExitCause?
    /// Why we ended it, where its own end does not tell.
    var verdict: String?
    var timedOut = false
    /// Sessions that are not read, because too much of theirs waits.
    var pausedSessions: [SessionID] = []
    var startedAt: Int64?
    var idleSince: Int64?

    var processTimers: [BackendLifecycle.Timer: EventSource] = [:]
    var processDeadlines: [BackendLifecycle.Timer: Int64] = [:]
    var messageTimers: [MultiplexerTimer: EventSource] = [:]
    /// When they fire, and when holds end, for a successor.
    var messageDeadlines: [MultiplexerTimer: Int64] = [:]
    var holdDeadlines: [Int: Int64] = [:]
    private var idleTimer: EventSource?
    var outputClock: EventSource?

    /// Milliseconds that a process may outlive its stdout.
    static let outputPatience: Int64 = 1_000

    init(
        key: SharingKey, name: BackendName, directory: consuming Descriptor, configuration: EffectiveConfiguration,
        registry: Registry
    ) {
        self.key = key
        self.name = name
        self.directory = directory
        self.configuration = configuration
        self.registry = registry
        pins = registry.pins.load(for: key.shared)
        tools = BackendTools(server: key.server, registry: registry)
        lifecycle = BackendLifecycle(
            startTimeout: configuration.startTimeout, stopTimeout: configuration.stopTimeout)
        let told = Backend.multiplexerConfiguration(key: key, configuration)
        profile = told.profile
        let known = key.isMoved ? registry.backends[key.shared]?.multiplexer.snapshot : nil
        multiplexer = Multiplexer(
            configuration: told, snapshot: known ?? registry.snapshots.load(for: key.shared, profile: told.profile))
        guard told.roots == .union, !told.isPrivate else { return }
        registry.log.warning("roots = union: what one session opened is open to all that share it", backend: name.id)
    }

    static func multiplexerConfiguration(
        key: SharingKey, _ configuration: EffectiveConfiguration
    ) -> MultiplexerConfiguration {
        var result = MultiplexerConfiguration()
        result.server = key.server
        result.isPrivate = key.share == .session
        result.era = key.era == .modern ? .modern : .legacy
        result.repositoryRoots = key.repository.isEmpty ? [] : [FileURL.text(ofPath: key.repository)]
        result.roots = configuration.server.roots
        result.unknownRequests = configuration.server.unknownRequests
        result.unattributedNotifications = configuration.server.unattributedNotifications
        result.retryTools = configuration.server.retryTools
        result.clientName = "mcp-supervisor"
        result.clientVersion = Control.version
        result.denyTools = Set(configuration.server.denyTools)
        result.privateTools = configuration.privateTools(key)
        result.isMoved = key.isMoved
        result.interactiveTools = Set(configuration.server.interactiveTools)
        result.startCalls = configuration.server.onStart.map { CallAtStart(tool: $0.tool, arguments: $0.arguments) }
        // A century stands for ever: the sum with the clock must remain a number.
        result.handshakeTimeout = Int(min(configuration.startTimeout, 100 * 365 * 24 * 3_600_000))
        result.maximumInFlightPerSession = Int(configuration.clientLimits.sessionRequests)
        result.maximumInFlight = Int(configuration.backendRequests)
        result.maximumLineToClient = Int(configuration.clientLimits.messageSize)
        result.clientMessageLimits = configuration.clientLimits.messageLimits
        result.maximumSessionGarbage = Int(configuration.clientLimits.garbage)
        return result
    }

    var id: String { name.id }

    /// The word for where it stands.
    var state: BackendState {
        switch lifecycle.phase {
        case .stopped: .stopped
        case .starting: .starting
        case .ready: hibernation.phase == .asleep ? .hibernated : isIdle ? .idle : .ready
        case .stopping: .stopping
        case .resting, .failed: .failed
        }
    }

    /// Nobody refers to it, and nothing is under way.
    var isIdle: Bool {
        sessions.isEmpty && awaited.isEmpty && holds.isEmpty && multiplexer.inFlight == 0 && waitingCalls.isEmpty
    }

    /// Whether nothing of it is left that anybody could miss.
    var isForgettable: Bool { isIdle && process == nil && lifecycle.phase == .stopped }

    /// Starts or stops the idle clock; to be called whenever a reference or a request comes or goes.
    func referencesChanged() {
        guard isIdle else {
            idleTimer = nil
            idleSince = nil
            return
        }
        guard idleTimer == nil else { return }
        if idleSince == nil { idleSince = Clock.wallSeconds() }
        registry.backendBecameIdle(self)
        // The order to stop is given once: while a slow end goes on, a patience of 0 would give it again and again.
        if case .stopping = lifecycle.phase { return }
        guard process != nil || lastExit != nil, configuration.idleTimeout != TimeSpan.forever else { return }
        // Nobody can come back to a backend that only one session could have, but for one that was under way.
        let patience = key.session.isEmpty ? configuration.idleTimeout : expectsReturn ? Registry.patience : 0
        idleTimer = registry.timer(milliseconds: patience) { [unowned self] in
            idleTimer = nil
            idled()
        }
    }

    /// Nobody wanted it for as long as it may stay: it is stopped, or, down already, forgotten with its last exit.
    private func idled() {
        guard isIdle else { return }
        lastExit = nil
        perform(lifecycle.handle(.stopAsked, now: registry.now))
    }

    /// Takes the backend for a time, or until it is given back.
    ///
    /// - Parameter milliseconds: `nil`: until ``release(_:)``.
    func hold(milliseconds: Int64?) -> Int {
        nextHold += 1
        let hold = nextHold
        holdDeadlines[hold] = milliseconds.map(registry.deadline)
        let timer = milliseconds.flatMap { span in
            registry.timer(milliseconds: span) { [unowned self] in release(hold) }
        }
        holds[hold] = .some(timer)
        noteHolds()
        referencesChanged()
        return hold
    }

    func release(_ hold: Int) {
        holds[hold] = nil
        holdDeadlines[hold] = nil
        noteHolds()
        referencesChanged()
    }

    /// A new configuration: limits are set where it runs, the rest holds from now on.
    func reconfigure(_ new: EffectiveConfiguration) {
        let limitsChanged = new.limits != configuration.limits
        configuration = new
        lifecycle.startTimeout = new.startTimeout
        lifecycle.stopTimeout = new.stopTimeout
        multiplexer.reconfigure(Backend.multiplexerConfiguration(key: key, new))
        idleTimer = nil
        referencesChanged()
        if hibernation.phase == .awake { armSleepClock() }
        guard limitsChanged, let process else { return }
        registry.inBackground {
            do {
                try await self.registry.launcher.setLimits(new.limits, of: process.launched)
            } catch {
                self.registry.log.warning("\(error)", backend: process.launched.identifier)
            }
        }
    }
}
