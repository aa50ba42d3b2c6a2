// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Freezing scopes (FreezeUnit, the cgroup v2 freezer) and taking their memory back (memory.reclaim).
extension ScopeLauncher {
    /// Bytes asked for at a time: a backend that is needed waits for no more than this to be written out.
    private static let step: Int64 = 32 << 20

    var reclaims: Bool { support.throttlesMemory }

    func freeze(_ backend: LaunchedBackend) async throws(LaunchError) {
        guard let unit = backend.unit, support.freezes else { return try await stopProcesses(of: backend) }
        backend.isFrozen = true
        do {
            try await bus.open().freezeUnit(unit)
        } catch {
            throw .notFrozen(unit: unit, reason: "\(error)")
        }
    }

    /// Also of a unit that is not frozen, so that nothing is left standing after half a freeze.
    func thaw(_ backend: LaunchedBackend) async throws(LaunchError) {
        guard let unit = backend.unit, support.freezes else { return continueProcesses(of: backend) }
        do {
            try await bus.open().thawUnit(unit)
        } catch {
            // Without the bus: the kernel is asked directly, and tells systemd by cgroup.events.
            guard group(backend)?.thaw() == true else { throw .notThawed(unit: unit, reason: "\(error)") }
        }
        backend.isFrozen = false
    }

    func isFrozen(_ backend: LaunchedBackend) -> Bool {
        guard support.freezes else { return processes(of: backend).contains(where: ProcessTable.isStopped) }
        return group(backend)?.isFrozen == true
    }

    func reclaim(_ backend: LaunchedBackend, while sleeps: () -> Bool) async -> Reclaimed {
        guard let group = group(backend), let before = group.memoryCurrent, let file = group.reclaimFile else {
            return Reclaimed(note: Reclaimed.noReclaim)
        }
        let room = SwapRoom.now(group)
        var left = Int64(clamping: before)
        while sleeps(), left > 0 {
            guard let report = try? SlowWrite.start("\(min(left, ScopeLauncher.step))", to: file) else { break }
            await loop.untilReadable(report.raw)
            let code = report.receiveNumber()
            let now = Int64(clamping: group.memoryCurrent ?? 0)
            // EAGAIN: not all of it could be had, and asking again would not help.
            guard code == 0, now < left else { break }
            left = now
        }
        let after = Int64(clamping: group.memoryCurrent ?? before)
        return Reclaimed(bytes: max(0, Int64(clamping: before) - after), note: room.shortcoming)
    }
}

/// Where there is no freezer: signals.
extension Launcher {
    /// Stops every process (SIGSTOP). One that forks while we go through them is found in the next round.
    func stopProcesses(of backend: LaunchedBackend) async throws(LaunchError) {
        backend.isFrozen = true
        for _ in 0..<16 {
            let running = processes(of: backend).filter { !ProcessTable.isStopped($0) && !ProcessTable.isZombie($0) }
            if running.isEmpty { return }
            for pid in running { OwnProcess.send(19, to: pid) }
        }
        throw .notFrozen(unit: backend.identifier, reason: "its processes go on forking")
    }

    func continueProcesses(of backend: LaunchedBackend) {
        for pid in processes(of: backend) { OwnProcess.send(18, to: pid) }
        backend.isFrozen = false
    }
}

/// In direct mode.
extension DirectLauncher {
    var reclaims: Bool { false }

    func freeze(_ backend: LaunchedBackend) async throws(LaunchError) { try await stopProcesses(of: backend) }

    func thaw(_ backend: LaunchedBackend) async throws(LaunchError) { continueProcesses(of: backend) }

    func isFrozen(_ backend: LaunchedBackend) -> Bool { ProcessTable.isStopped(backend.pid) }

    func reclaim(_ backend: LaunchedBackend, while sleeps: () -> Bool) async -> Reclaimed {
        Reclaimed(note: Reclaimed.noCgroup)
    }
}
