// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import Systemd

/// Everything the supervisor knows: its sessions, backends and connections. Owned by the ``Supervisor`` actor, and
/// used on its executor only.
final class Registry {
    let loop: EventLoop
    let streams: StreamLoop
    let launcher: any Launcher
    let files: ConfigurationFiles
    let snapshots: SnapshotStore
    let pins: ToolPinStore
    let eras: EraStore
    let log: Log
    private(set) lazy var searchTable = SearchTable(path: Installation.data(SearchTable.fileName), log: log)
    let events = EventFeed()
    /// Texts to vectors, where that can be had.
    var embedder: Embedder?
    let startedAt = Clock.monotonicMilliseconds()
    private(set) var configuration: Configuration
    private(set) var ignored: IgnoredEnvironment
    var runTimeLimits = RunTimeLimits()
    var backends: [SharingKey: Backend] = [:]
    var sessions: [SessionID: Session] = [:]
    var statistics = Statistics()
    var isDraining = false
    /// Nothing is started any more.
    var isEnding = false
    /// Units that an earlier supervisor left and that are on their way down.
    var beingStopped: Set<String> = []
    /// Set once we know what could not be had: shown in `status`.
    var warnings: [String] = []
    /// Our own books, and what is left of others'. None where there is no room for them.
    let ledger: Ledger?
    let predecessors: Predecessors?
    /// What outlives us, where a service manager keeps it.
    var store: DescriptorStore?
    var handedSessions: [Identity: HandedSession] = [:]
    var glanceTimer: EventSource?
    var booksTimer: EventSource?
    private var generator = SystemRandomNumberGenerator()
    private var nextSession: UInt32 = 0
    private var nonces = NonceSource()
    private var work: [() async -> Void] = []
    /// Wakes the actor when there is work; set by it.
    var wake: () -> Void = {}
    /// Called when there may be nothing left to do.
    var becameQuiet: () -> Void = {}

    init(
        loop: EventLoop, streams: StreamLoop, launcher: any Launcher, files: ConfigurationFiles,
        configuration: Configuration, snapshots: SnapshotStore, eras: EraStore, log: Log, ledger: Ledger? = nil,
        predecessors: Predecessors? = nil
    ) {
        self.loop = loop
        self.streams = streams
        self.launcher = launcher
        self.files = files
        self.configuration = configuration
        self.snapshots = snapshots
        pins = ToolPinStore(directory: snapshots.directory, log: log)
        self.eras = eras
        self.log = log
        self.ledger = ledger
        self.predecessors = predecessors
        ignored = IgnoredEnvironment(additional: configuration.ignoreEnvironment)
        streams.wantsFlush = { [loop, weak streams] in loop.afterDispatch { streams?.flushAll() } }
    }

    private(set) lazy var pressure = PressureWatch(registry: self)

    var now: Int64 { Clock.monotonicMilliseconds() }

    /// Runs an asynchronous step on the actor, after the current turn.
    ///
    /// The closure must have no capture list: with one, Swift 6.3.1 runs it on a thread of the global pool instead of
    /// the actor's. The event loop stops the program when that happens.
    func inBackground(_ step: @escaping () async -> Void) {
        work.append(step)
        wake()
    }

    func takeWork() -> (() async -> Void)? { work.isEmpty ? nil : work.removeFirst() }

    /// A one-shot timer; ends with the returned source. None for a time that never comes (``TimeSpan/forever``).
    func timer(milliseconds: Int64, _ handler: @escaping () -> Void) -> EventSource? {
        let (microseconds, isNever) = UInt64(clamping: max(0, milliseconds)).multipliedReportingOverflow(by: 1000)
        if isNever { return nil }
        return try? loop.timer(afterMicroseconds: microseconds, handler)
    }

    /// The time after a span; of ``TimeSpan/forever`` it is the end of all time.
    func deadline(milliseconds: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(milliseconds)
        return overflow ? .max : sum
    }

    func newSessionID() -> SessionID {
        nextSession += 1
        return SessionID(raw: nextSession)
    }

    func reserveSessionIDs(through id: UInt32) { nextSession = max(nextSession, id) }

    func newIdentity() -> Identity { Identity(using: &generator) }

    /// A part of a unit's name that was not used before, by us or by another supervisor.
    func nonce() -> String { nonces.next(now: Clock.wallMicroseconds()) }

    /// The backend for a key; a new one where there is none.
    func backend(for key: SharingKey, directory: consuming Descriptor) -> Backend {
        if let known = backends[key] { return known }
        let name = BackendName(key: key) { id in backends.values.contains { $0.id == id } }
        let backend = Backend(
            key: key, name: name, directory: directory, configuration: effective(key), registry: self)
        backends[key] = backend
        return backend
    }

    func backendChanged(_ backend: Backend) {
        events.report("backend", backend: backend.id, text: "\(backend.id) is \(backend.state.rawValue)")
        pressure.update()
        if backend.isForgettable { backendBecameIdle(backend) }
    }

    /// Nobody uses it; when it does not run either, nothing of it need be kept but its snapshot on the disk.
    func backendBecameIdle(_ backend: Backend) {
        if backend.isForgettable, backend.lastExit == nil || backend.lastExit?.reason.known == .stopped {
            forgetLater(backend)
        }
        becameQuiet()
    }

    /// After the turn, because the backend's own methods are still running.
    private func forgetLater(_ backend: Backend) {
        loop.afterDispatch { [weak self] in
            guard let self, backend.isForgettable, backends[backend.key] === backend else { return }
            backends[backend.key] = nil
            statistics.add(backend.multiplexer.calls, of: backend.key.server)
            becameQuiet()
        }
    }

    func sessionEnded(_ session: Session, _ reason: String) {
        // Kept until the turn is over: its own methods are still running.
        loop.afterDispatch { _ = session }
        sessions[session.id] = nil
        // Nobody is there to search.
        if sessions.isEmpty { embedder?.stop() }
        statistics.add(session)
        log.info("session \(session.id) ended: \(reason)", backend: session.backend?.id)
        events.report("session", session: "\(session.id)", text: "session \(session.id) ended: \(reason)")
        becameQuiet()
    }

    /// Something cannot be had here: said once, and shown in `status`.
    func lacks(_ what: String) {
        warnings.append(what)
        log.warning(what)
    }

    /// Nothing to do, and nobody who might want something.
    var isQuiet: Bool { sessions.isEmpty && backends.values.allSatisfy { $0.isIdle && $0.process == nil } }

    /// Reads the configuration again. What runs gets its new limits at once.
    func reload() throws(ConfigurationError) -> [String] {
        configuration = try files.read()
        ignored = IgnoredEnvironment(additional: configuration.ignoreEnvironment)
        for backend in backends.values { backend.reconfigure(effective(backend.key)) }
        return files.present
    }
}
