// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Backends as our own children, where there is no service manager: in a container, in CI.
///
/// The kernel enforces no limits here, and says so in `status`. Orphans become our children (subreaper), so what calls
/// setsid(2) is found all the same, see `processes(of:)`.
final class DirectLauncher: Launcher {
    let kind = LauncherKind.direct
    let enforcesLimits = false
    private let gate: String
    private let loop: EventLoop
    private let streams: StreamLoop
    private let logs: String
    private let descriptorLimit: UInt64
    private let hierarchy = CgroupSupport.probe(managerGroup: nil).hierarchy
    /// The last lines of each backend that is down: at hand also when the disk is full.
    private var lastWords = KeptWords()
    private var running: Set<String> = []
    /// Children with a pidfd of their own: only its holder waits for them.
    private var children: Set<Int32> = []

    /// - Parameters:
    ///   - gate: the path of mcp-gate.
    ///   - logs: the directory of the log files.
    init(gate: String, loop: EventLoop, streams: StreamLoop, logs: String, descriptorLimit: UInt64) {
        self.gate = gate
        self.loop = loop
        self.streams = streams
        self.logs = logs
        self.descriptorLimit = descriptorLimit
        OwnProcess.becomeSubreaper()
    }

    func logFile(of identifier: String) -> String { "\(logs)/\(identifier).log" }

    func launch(_ order: LaunchOrder) async throws(LaunchError) -> LaunchedBackend {
        do {
            try? Files.makeDirectory(logs)
            KeptWords.removeOldFiles(in: logs, besides: running)
            let errors = try makePipe()
            let childErrors = try errors.writing.duplicate()
            let log = try ErrorLog(
                path: logFile(of: order.identifier), source: try errors.reading.duplicate(), loop: streams)
            let gated = try GatedProcess(
                gate: gate, order: order, errors: childErrors.raw,
                options: ["--nofile", "\(descriptorLimit)", "--pdeathsig"])
            let child = try release(gated)
            children.insert(gated.pid)
            await loop.untilReadable(gated.outcome)
            if let code = gated.failure() {
                log.drain()
                lastWords.keep(log.lastLines, of: order.identifier)
                _ = await reaped(child)
                children.remove(child.pid)
                throw LaunchError.program(order.command.first ?? "", code: code)
            }
            let pipes = gated.pipes()
            let backend = LaunchedBackend(
                child: child, unit: nil, identifier: order.identifier, input: pipes.input, output: pipes.output)
            backend.errorLog = log
            running.insert(order.identifier)
            if let start = ProcessTable.startTime(of: child.pid) { backend.seen = [child.pid: start] }
            backend.errorPipe = Files.link("/proc/self/fd/\(childErrors.raw)")
            backend.cgroup = UnitCgroup.path(ofProcess: backend.pid)
            examine(backend)
            return backend
        } catch let error as PosixError {
            throw .spawn(error)
        } catch let error as LaunchError {
            throw error
        } catch {
            throw .died("\(error)")
        }
    }

    /// Lets the gate run; one that cannot be watched must not stay behind as a zombie.
    private func release(_ gated: borrowing GatedProcess) throws(PosixError) -> ChildProcess {
        do throws(PosixError) {
            let child = try ChildProcess(pid: gated.pid)
            try gated.release()
            return child
        } catch {
            OwnProcess.send(9, to: gated.pid)
            OwnProcess.waitFor(gated.pid)
            throw error
        }
    }

    private func reaped(_ child: ChildProcess) async -> ProcessEnd? {
        await loop.untilReadable(child.descriptor)
        return child.reap()
    }

    func terminate(_ backend: LaunchedBackend) async {
        signal(15, backend)
        // SIGTERM waits until a stopped process goes on.
        if backend.isFrozen { continueProcesses(of: backend) }
    }

    func kill(_ backend: LaunchedBackend) async {
        backend.wasKilled = true
        signal(9, backend)
    }

    private func signal(_ number: Int32, _ backend: LaunchedBackend) {
        for pid in processes(of: backend) { OwnProcess.send(number, to: pid) }
    }

    /// The kernel's limits here are those of whatever we run in, a container mostly, and so are its counters.
    func examine(_ backend: LaunchedBackend) {
        guard let path = backend.cgroup, let events = UnitCgroup(path: path, hierarchy: hierarchy).existingMemoryEvents
        else { return }
        backend.eventsAtDeath = backend.memoryBaseline.rise(to: events)
    }

    func cause(of end: ProcessEnd, _ backend: LaunchedBackend) async -> ExitCause {
        var evidence = DeathEvidence(end: end, seen: backend.peakSeen)
        // The counters are of everything in there: only a SIGKILL that is nobody else's is the kernel's.
        if end == .signaled(9), !backend.wasKilled, let events = backend.eventsAtDeath, events.oomKill > 0 {
            evidence.own = MemoryEvents(oomKill: events.oomKill)
        }
        return evidence.cause
    }

    func cleanUp(_ backend: LaunchedBackend) async {
        // What it left behind has its mark; whoever forks in between is found in the next round.
        for _ in 0..<16 {
            let left = processes(of: backend).filter { !ProcessTable.isZombie($0) }
            for pid in left { OwnProcess.send(9, to: pid) }
            if left.isEmpty { break }
            await loop.pause(milliseconds: 20)
        }
        children.remove(backend.pid)
        reapOrphans()
        backend.errorLog?.drain()
        lastWords.keep(backend.errorLog?.lastLines ?? [], of: backend.identifier)
        running.remove(backend.identifier)
    }

    /// Waits for dead descendants that became our children, and for nobody else's.
    private func reapOrphans() {
        let own = OwnProcess.pid
        for (pid, parent) in ProcessTable.parents() where parent == own && !children.contains(pid) {
            if ProcessTable.isZombie(pid) { OwnProcess.reap(pid) }
        }
    }

    func setLimits(_ limits: Limits, of backend: LaunchedBackend) async throws(LaunchError) {
        throw .limitsNotEnforced(backend.identifier)
    }

    func limits(of backend: LaunchedBackend) async -> Limits? { nil }

    func memory(of backend: LaunchedBackend) async -> BackendMemory {
        let sizes = processes(of: backend).compactMap(ProcessTable.proportionalSetSize)
        let total = sizes.reduce(0, +)
        backend.peakSeen = max(backend.peakSeen ?? 0, total)
        return BackendMemory(currentBytes: total, peakBytes: backend.peakSeen, pssBytes: total)
    }

    func cpuSeconds(of backend: LaunchedBackend) -> Double? {
        ProcessTable.cpuSeconds(of: processes(of: backend))
    }

    func departure(of backend: LaunchedBackend) -> String? { nil }

    func lastLines(of identifier: String, unit: String?, count: Int) async -> [String] {
        Array(lastWords[identifier].suffix(count))
    }
}
