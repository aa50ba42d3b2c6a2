// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Posix
import Systemd

@testable import Supervisor

/// Runs shell scripts as backends, and remembers what it was told.
final class ScriptLauncher: Launcher {
    let kind = LauncherKind.direct
    let enforcesLimits = false
    let reclaims = true
    private(set) var launches = 0
    /// Why the next launches fail.
    var refusal: LaunchError?
    /// Why nothing can be frozen.
    var freezeRefusal: LaunchError?
    /// Whether launches hang; those that do, until they are let go on.
    var hangs = false
    private var hanging: [CheckedContinuation<Void, Never>] = []
    private(set) var kills = 0

    func letGoOn() {
        hangs = false
        for continuation in hanging { continuation.resume() }
        hanging = []
    }

    func launch(_ order: LaunchOrder) async throws(LaunchError) -> LaunchedBackend {
        launches += 1
        if let refusal { throw refusal }
        if hangs { await withCheckedContinuation { hanging.append($0) } }
        do {
            let input = try makePipe()
            let output = try makePipe()
            let childInput = try input.reading.duplicate()
            let childOutput = try output.writing.duplicate()
            let errors = try Descriptor.copy(of: 2)
            let spawn = SpawnOrder(
                path: "/bin/sh", arguments: ["sh", "-c"] + order.command, environment: order.environment,
                descriptors: [childInput.raw, childOutput.raw, errors.raw], directory: order.directory)
            let child = try ChildProcess(pid: try spawn.start())
            return LaunchedBackend(
                child: child, unit: nil, identifier: order.identifier, input: try input.writing.duplicate().release(),
                output: try output.reading.duplicate().release())
        } catch {
            throw .spawn(error)
        }
    }

    func terminate(_ backend: LaunchedBackend) async { backend.child.signalGroup(15) }
    func kill(_ backend: LaunchedBackend) async {
        kills += 1
        backend.child.signalGroup(9)
    }
    func freeze(_ backend: LaunchedBackend) async throws(LaunchError) {
        if let freezeRefusal { throw freezeRefusal }
        backend.child.signalGroup(19)
    }
    func thaw(_ backend: LaunchedBackend) async throws(LaunchError) { backend.child.signalGroup(18) }
    func isFrozen(_ backend: LaunchedBackend) -> Bool { ProcessTable.isStopped(backend.pid) }
    func reclaim(_ backend: LaunchedBackend, while sleeps: () -> Bool) async -> Reclaimed { Reclaimed(bytes: 1) }
    func departure(of backend: LaunchedBackend) -> String? { nil }
    func examine(_ backend: LaunchedBackend) {}
    func cleanUp(_ backend: LaunchedBackend) async {}
    func setLimits(_ limits: Limits, of backend: LaunchedBackend) async throws(LaunchError) {}
    func limits(of backend: LaunchedBackend) async -> Limits? { nil }
    func cpuSeconds(of backend: LaunchedBackend) -> Double? { nil }
    func memory(of backend: LaunchedBackend) async -> BackendMemory { BackendMemory() }
    func processes(of backend: LaunchedBackend) -> [Int32] { [backend.pid] }
    func lastLines(of identifier: String, unit: String?, count: Int) async -> [String] { ["last words"] }

    func cause(of end: ProcessEnd, _ backend: LaunchedBackend) async -> ExitCause {
        switch end {
        case .unknown: ExitCause(reason: .unknown, status: ExitCause.unknownStatus)
        case .exited(let status): ExitCause(reason: .exit, status: status)
        case .signaled(let number): ExitCause(reason: .signal, status: number)
        }
    }
}

/// A supervisor without sockets: a registry on a loop with a thread of its own.
actor Stage {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
    private var registry: Registry?
    private var launcher: ScriptLauncher?
    private var source: EventSource?

    init(loop: EventLoop) { self.loop = loop }

    /// Runs a test on the loop.
    func play(
        _ state: String, _ body: @Sendable (isolated Stage, Registry, ScriptLauncher) async throws -> Void
    ) async throws {
        let log = Log(foreground: true)
        let streams = try StreamLoop()
        let launcher = ScriptLauncher()
        var configuration = Configuration()
        configuration.stopTimeout = 1
        let registry = Registry(
            loop: loop, streams: streams, launcher: launcher,
            files: ConfigurationFiles(named: nil, configurationHome: state), configuration: configuration,
            snapshots: SnapshotStore(directory: state, log: log), eras: EraStore(directory: state + "/eras", log: log),
            log: log)
        registry.wake = { [weak self, loop] in
            guard let self else { return }
            loop.task(of: self) { await $0.takeStep() }
        }
        source = try loop.watch(streams.descriptor, .readable) { [weak self, loop] _ in
            self?.assumeIsolated { $0.registry?.streams.turn { loop.nowMicroseconds } }
        }
        self.registry = registry
        self.launcher = launcher
        try await body(self, registry, launcher)
        await registry.stopEverything()
    }

    /// Clears the stage on its own thread, where its timers belong.
    func end() {
        source = nil
        registry = nil
        launcher = nil
        loop.exit(0)
    }

    private func takeStep() async { await registry?.takeWork()?() }
}

/// Gives a test a stage, and ends the stage with it.
func withStage(
    _ body: @escaping @Sendable (isolated Stage, Registry, ScriptLauncher) async throws -> Void
) async throws {
    let place = try TemporaryDirectory()
    let stage = await withCheckedContinuation { (continuation: CheckedContinuation<Stage?, Never>) in
        Thread {
            guard let loop = try? EventLoop() else { return continuation.resume(returning: nil) }
            continuation.resume(returning: Stage(loop: loop))
            _ = try? loop.run()
        }.start()
    }
    guard let stage else { throw PosixError("make", "a stage", code: 12) }
    let task = Task(executorPreference: stage.loop) { try await stage.play(place.path, body) }
    let result = await task.result
    await stage.end()
    try result.get()
}

extension Registry {
    /// A backend that runs a script.
    func backend(running script: String, era: EraChoice = .legacy) throws -> Backend {
        let key = SharingKey(
            server: "script", share: .repo, repository: "/", directory: "/", session: "", command: [script],
            era: era, environment: [])
        return backend(for: key, directory: try openDirectory("/"))
    }
}

extension Backend {
    /// Returns once it is in a state, or has failed to get there.
    func reach(_ wanted: BackendState) async {
        if state == wanted { return }
        await withCheckedContinuation { continuation in
            waitingForState.append((wanted, { continuation.resume() }))
        }
    }
}

/// What a well-behaved server does with its first line, and with every other.
let polite = """
    read -r line; id=${line#*\\"id\\":}; id=${id%%,*}; id=${id%%\\}*}
    printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","capabilities":{},' "$id"
    printf '"serverInfo":{"name":"s","version":"1"}}}\\n'
    while read -r line; do :; done
    """
