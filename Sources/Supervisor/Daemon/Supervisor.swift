// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
public import Systemd

/// The supervisor: one actor on the event loop's thread, which owns everything.
///
/// Events of the loop enter with `assumeIsolated`, without a hop; only what talks to systemd or waits is asynchronous.
public actor Supervisor {
    private nonisolated let loop: EventLoop
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private let options: DaemonOptions
    private let log: Log
    private var registry: Registry?
    private var listener: ControlListener?
    private var endpoint: ControlEndpoint?
    private var streamSource: EventSource?
    private var signals: [EventSource] = []
    private var idleExit: EventSource?
    private var stopping = false

    /// To be made on the loop's thread, before there is any other: signals are blocked for it here.
    public init(options: DaemonOptions, loop: EventLoop) {
        // Before anything is written, be it to the log.
        OwnProcess.ignoreBrokenPipes()
        self.options = options
        self.loop = loop
        log = Log(foreground: options.foreground)
    }

    /// Starts everything; ends the loop with an exit status when that fails.
    public func start() async {
        do {
            watchSignals()
            let handed = listenDescriptors()
            // Before anything is written beside the socket.
            if handed.isEmpty { try ControlEndpoint.prepareDirectory(of: options.socket) }
            let passed = StoredDescriptors(handed)
            let registry = try await makeRegistry()
            self.registry = registry
            try openStreams(registry)
            let endpoint = try ControlEndpoint.open(path: options.socket, passed: passed)
            self.endpoint = endpoint
            if endpoint.isKeptByManager, Installation.service() != nil, registry.launcher.kind == .systemd {
                registry.store = DescriptorStore(log: log)
                await registry.adopt(passed)
            }
            listener = try ControlListener(endpoint.takeListener(), registry: registry)
            try loop.enableWatchdog()
            await registry.moveOutOfAgentScope(isHandedOver: endpoint.isHandedOver)
            ServiceNotification.ready()
            log.info("ready on \(options.socket), launcher \(registry.launcher.kind.rawValue)")
            await registry.launcherIsReady()
            registry.releaseStartupMemory()
            registry.expirePredecessors()
            becameQuiet()
        } catch let error as ConfigurationError {
            fail("configuration: \(error)", status: DaemonOptions.configurationStatus)
        } catch {
            fail("\(error)", status: 1)
        }
    }

    private func fail(_ reason: String, status: Int32) {
        log.error(reason)
        loop.exit(status)
    }

    private func makeRegistry() async throws -> Registry {
        let files = ConfigurationFiles(named: options.configurationFile, configurationHome: options.configurationHome)
        let configuration = try files.read()
        let books = Books.open(socket: options.socket, log: log)
        let streams = try StreamLoop(buffer: books.ledger?.readBuffer() ?? ReadBuffer())
        let choice = try await LauncherChoice.make(options, loop: loop, streams: streams)
        let registry = Registry(
            loop: loop, streams: streams, launcher: choice.launcher, files: files, configuration: configuration,
            snapshots: SnapshotStore(directory: options.stateDirectory + "/snapshots", log: log),
            eras: EraStore(directory: options.stateDirectory + "/eras", log: log), log: log, ledger: books.ledger,
            predecessors: books.predecessors)
        registry.embedder = Embedder(
            places: Embedder.Places(
                program: Installation.encoder(),
                engines: EngineFile.places(dataHome: options.dataHome, executable: OwnProcess.executable ?? ""),
                vectors: options.stateDirectory + "/vectors"),
            loop: loop, streams: streams, log: log)
        registry.warnings = choice.warnings
        for warning in choice.warnings { log.notice(warning) }
        let scopes = choice.launcher as? ScopeLauncher
        scopes?.bus.onReconnect = { [weak registry] _ in registry?.referenceUnitsAgain() }
        scopes?.onShortcoming = { [weak registry] in registry?.lacks($0) }
        registry.wake = { [weak self, loop] in
            guard let self else { return }
            loop.task(of: self) { await $0.runStep() }
        }
        registry.becameQuiet = { [weak self] in self?.assumeIsolated { $0.becameQuiet() } }
        return registry
    }

    private func openStreams(_ registry: Registry) throws {
        streamSource = try loop.watch(registry.streams.descriptor, .readable) { [weak self, loop] _ in
            self?.assumeIsolated { $0.registry?.streams.turn { loop.nowMicroseconds } }
        }
    }

    private func runStep() async {
        guard let step = registry?.takeWork() else { return }
        await step()
    }

    private func watchSignals() {
        let handlers: [(Int32, @Sendable (isolated Supervisor) -> Void)] = [
            (15, { $0.terminate() }), (2, { $0.terminate() }), (1, { $0.reload() }),
        ]
        for (signal, handler) in handlers {
            let source = try? loop.onSignal(signal) { [weak self] in self?.assumeIsolated { handler($0) } }
            if let source { signals.append(source) }
        }
    }

    private func reload() {
        ServiceNotification.reloading()
        do {
            let files = try registry?.reload() ?? []
            log.notice("read the configuration again: \(files.isEmpty ? "no files" : files.joined(separator: ", "))")
        } catch {
            log.error("configuration: \(error); the running configuration stays in force")
        }
        ServiceNotification.ready()
    }
}

// The end.
extension Supervisor {
    /// Stops everything and ends: backends first, so that none is left; the shims attach to the next supervisor.
    private func terminate() {
        guard !stopping else { return }
        stopping = true
        ServiceNotification.stopping()
        listener?.close()
        guard let registry else { return loop.exit(0) }
        registry.inBackground {
            if await registry.willBeReplaced() {
                self.streamSource = nil
                registry.handOver()
                registry.log.info("handed everything over to the next supervisor")
                return registry.loop.exit(0)
            }
            await registry.stopEverything()
            registry.closeBooks()
            registry.log.info("stopped")
            registry.loop.exit(0)
        }
    }

    /// Arms the exit clock when there is nothing to do. Under systemd's socket, or a shim's, the next connection
    /// brings us back.
    private func becameQuiet() {
        guard let registry, !stopping, let endpoint else { return }
        if registry.isDraining, registry.sessions.isEmpty { return terminate() }
        let isQuiet = registry.isQuiet && listener?.connections.isEmpty != false
        guard isQuiet else {
            idleExit = nil
            return
        }
        guard endpoint.isHandedOver, !options.foreground, idleExit == nil else { return }
        idleExit = registry.timer(milliseconds: registry.configuration.exitIdleTime) { [weak self] in
            self?.assumeIsolated { $0.exitIfQuiet() }
        }
    }

    private func exitIfQuiet() {
        idleExit = nil
        guard let registry, let endpoint, let listener, registry.isQuiet, listener.connections.isEmpty else { return }
        guard endpoint.retire(then: { listener.acceptAll() }, isUnused: { listener.connections.isEmpty }) else {
            return becameQuiet()
        }
        stopping = true
        ServiceNotification.stopping()
        _ = registry.predecessors?.forgetSettled()
        registry.predecessors?.removeOwn()
        log.info("nothing to do, exiting until the next connection")
        loop.exit(0)
    }
}
