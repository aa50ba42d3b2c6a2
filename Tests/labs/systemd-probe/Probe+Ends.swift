// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

extension Probe {
    /// How scopes end, and how that is noticed.
    func endChecks(_ bus: UserBus) async {
        await check("the end of a scope is announced") {
            let child = try GatedChild("exit 7")
            let name = newName()
            var changes: [UnitChange] = []
            let watch = try bus.watchUnit(name) { changes.append($0) }
            try await bus.startTransientScope(name, properties: properties(child))
            child.release()
            try expect(child.wait() == 7, "exit status")
            let ended = try await eventually(seconds: 10) { changes.contains(.activeState("inactive")) }
            try expect(ended, "\(changes)")
            try await bus.unrefUnit(name)
            try expect(try await eventually(seconds: 10) { changes.contains(.removed) }, "\(changes)")
            watch.cancel()
        }
        await check("a backend over its limit is killed, and the result says why") {
            try expect(support.limitsMemory, "no memory controller: \(support)")
            // tail keeps all of a line that never ends.
            let child = try GatedChild("exec tail /dev/zero")
            let name = newName()
            var changes: [UnitChange] = []
            let watch = try bus.watchUnit(name) { changes.append($0) }
            try await bus.startTransientScope(name, properties: properties(child, [.uint64("MemoryMax", 20 << 20)]))
            child.release()
            try expect(child.wait() == 128 + SIGKILL, "not killed")
            let isUnified = support.hierarchy == .unified
            let last = UnitChange.activeState(isUnified ? "failed" : "inactive")
            try expect(try await eventually(seconds: 10) { changes.contains(last) }, "\(changes)")
            // v1 has no notification that systemd listens to.
            let result = try await bus.string("Result", of: name, .scope)
            try expect(result == (isUnified ? "oom-kill" : "success"), "Result=\(result)")
            try? await bus.resetFailedUnit(name)
            try await bus.unrefUnit(name)
            watch.cancel()
        }
        guard support.freezes else { return }
        await check("a frozen scope thaws and stops") {
            let child = try GatedChild("exec sleep 100")
            let name = newName()
            try await bus.startTransientScope(name, properties: properties(child))
            child.release()
            try await bus.freezeUnit(name)
            try expect(try await bus.string("FreezerState", of: name, .unit) == "frozen", "not frozen")
            try await bus.thawUnit(name)
            try await bus.killUnit(name, signal: SIGKILL)
            try expect(child.wait() == 128 + SIGKILL, "not killed")
            try await bus.unrefUnit(name)
        }
    }

    /// What a backend writes to its stderr, found again. Skipped where no journald runs.
    func journalChecks(_ bus: UserBus) async {
        let identifier = "mcp-probe_\(getpid())"
        let stream: Int32
        do throws(SystemdError) { stream = try journalStream(identifier: identifier, priority: LOG_INFO) } catch {
            report("ok - the journal # SKIP \(error)")
            return
        }
        defer { close(stream) }
        await check("stderr is in the journal under the identifier and the scope") {
            let child = try GatedChild("echo '<3>first' >&2; echo last >&2; sleep 1", standardError: stream)
            let name = newName()
            try await bus.startTransientScope(name, properties: properties(child))
            child.release()
            try Journal.send([("MESSAGE", "about the backend"), ("USER_UNIT", name), ("PRIORITY", "5")])
            var lines: [String] = []
            let found = try await eventually(seconds: 20) {
                lines = try Journal.tail(identifier: identifier, lines: 5)
                return lines.count == 2
            }
            try expect(found && lines == ["first", "last"], "\(lines)")
            try expect(try Journal.tail(identifier: identifier, lines: 1) == ["last"], "the last line")
            let ofUnit = try Journal.tail(identifier: identifier, unit: name, lines: 5)
            try expect(ofUnit == lines, "of the unit: \(ofUnit)")
            report("# journalctl --user -u \(name)")
            _ = child.wait()
            try await bus.unrefUnit(name)
        }
    }

    /// Last, since it kills the user bus.
    func connectionChecks(_ bus: UserBus) async {
        guard !bus.isPrivate else { return report("ok - a lost connection # SKIP no bus to kill") }
        await check("a lost connection is reported, and a new one works") {
            var losses = 0
            bus.onDisconnect = { losses += 1 }
            let dying = await failure { try await bus.killUnit("dbus.service", signal: SIGKILL) }
            try expect(dying == nil || dying?.reason == .disconnected, "\(String(describing: dying))")
            try expect(try await eventually(seconds: 10) { losses == 1 }, "not reported")
            try expect(!bus.isOpen, "still open")
            let late = await failure { _ = try await bus.listUnits(patterns: ["*"]) }
            try expect(late?.reason == .disconnected, "\(String(describing: late))")
            let next = try UserBus(loop: loop)
            try expect(try await !next.listUnits(patterns: ["*"]).isEmpty, "no units")
        }
    }
}
