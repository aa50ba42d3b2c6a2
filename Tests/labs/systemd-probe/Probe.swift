// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// What a check found to be wrong.
struct Mismatch: Error, CustomStringConvertible {
    let description: String
}

/// An actor on the loop, as the supervisor is one, with a connection to the user manager.
actor Probe {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
    var failures: Int32 = 0
    var support = CgroupSupport(hierarchy: .none, controllers: [])
    var features = ManagerFeatures()
    var bus: UserBus?
    var signals: EventSource?
    private var count = 0

    init(loop: EventLoop) { self.loop = loop }

    func run() async {
        do {
            let bus = try UserBus(loop: loop)
            self.bus = bus
            features = await bus.managerFeatures()
            support = CgroupSupport.probe(managerGroup: features.controlGroup)
            report("# systemd \(features.version), private \(bus.isPrivate), \(support), \(features)")
            await scopeChecks(bus)
            await endChecks(bus)
            await journalChecks(bus)
            await connectionChecks(bus)
        } catch {
            report("not ok - \(error)")
            failures += 1
        }
        loop.exit(failures)
    }

    func check(_ name: String, _ body: () async throws -> Void) async {
        let start = loop.nowMicroseconds
        do {
            try await body()
            report("ok - \(name) (\((loop.nowMicroseconds - start) / 1000) ms)")
        } catch {
            report("not ok - \(name): \(error)")
            failures += 1
        }
    }

    func expect(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        guard condition else { throw Mismatch(description: text()) }
    }

    func newName() -> String {
        count += 1
        return "app-mcp-probe_\(getpid())-\(count).scope"
    }

    /// Waits for a condition that only the outside world can bring about, by the loop's timer.
    func eventually(seconds: Int, _ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<(seconds * 20) {
            if try await condition() { return true }
            try await loop.sleep(for: .milliseconds(50))
        }
        return false
    }

    func properties(_ child: GatedChild, _ more: [UnitProperty] = []) -> [UnitProperty] {
        [
            .string("Description", "probe"), .string("Slice", "app-mcp.slice"), .pids([UInt32(child.pid)]),
            .bool("AddRef", true), .bool("MemoryAccounting", true), .uint64("MemoryMax", 64 << 20),
            .uint64("MemorySwapMax", 0), .uint64("TasksMax", 64), .uint64("TimeoutStopUSec", 3_000_000),
            .strings("PartOf", ["mcp-supervisor.service"]),
        ] + more
    }
}
