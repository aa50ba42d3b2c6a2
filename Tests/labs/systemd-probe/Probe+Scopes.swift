// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

extension Probe {
    /// Starting, reading back, changing, and what is refused.
    func scopeChecks(_ bus: UserBus) async {
        await check("a gated child is in its scope before it runs, with the limits that were asked for") {
            let child = try GatedChild("exec sleep 100")
            let name = newName()
            try await bus.startTransientScope(name, properties: properties(child))
            let group = UnitCgroup.path(ofProcess: child.pid)
            try expect(group?.hasSuffix("/\(name)") == true, "cgroup is \(group ?? "none")")
            try expect(try await bus.uint64("MemoryMax", of: name, .scope) == 64 << 20, "MemoryMax differs")
            try expect(try await bus.string("ActiveState", of: name, .unit) == "active", "not active")
            let after = try await bus.strings("After", of: name, .unit)
            try expect(!after.isEmpty, "a unit is after its slice at least")
            child.release()
            let units = try await bus.listUnits(patterns: ["app-mcp-probe*.scope"])
            try expect(units.map(\.name) == [name], "listed: \(units)")
            let unit = UnitCgroup(path: group ?? "", hierarchy: support.hierarchy)
            try expect(unit.processes == [child.pid], "processes: \(unit.processes)")
            try await bus.setUnitProperties(name, [.uint64("MemoryMax", 128 << 20), .uint64("MemoryHigh", 96 << 20)])
            try expect(try await bus.uint64("MemoryMax", of: name, .scope) == 128 << 20, "MemoryMax unchanged")
            try await bus.stopUnit(name)
            try expect(child.wait() == 128 + SIGTERM, "not ended by SIGTERM")
            try await bus.unrefUnit(name)
            let left = try await eventually(seconds: 5) {
                try await bus.listUnits(patterns: [name]).isEmpty
            }
            try expect(left, "unit still loaded")
        }
        await refusalChecks(bus)
        await concurrencyChecks(bus)
    }

    private func refusalChecks(_ bus: UserBus) async {
        await check("what is refused is told by name") {
            let child = try GatedChild("exec sleep 100")
            let name = newName()
            try await bus.startTransientScope(name, properties: properties(child))
            let again = await failure { try await bus.startTransientScope(name, properties: properties(child)) }
            try expect(again?.isUnitExists == true, "\(String(describing: again))")
            let unknown = await failure { try await bus.setUnitProperties(name, [.uint64("NoSuchThing", 1)]) }
            try expect(unknown?.isUnknownProperty == true, "\(String(describing: unknown))")
            let strange = properties(child) + [.uint64("NoSuchThing", 1)]
            let whole = await failure { try await bus.startTransientScope(newName(), properties: strange) }
            try expect(
                whole?.unknownProperty(among: strange)?.name == "NoSuchThing", "\(String(describing: whole))")
            try await bus.stopUnit(name)
            _ = child.wait()
            try await bus.unrefUnit(name)
            let gone = await failure { try await bus.startTransientScope(newName(), properties: properties(child)) }
            try expect(gone?.name == "org.freedesktop.DBus.Error.UnixProcessIdUnknown", "\(String(describing: gone))")
            let missing = await failure { try await bus.stopUnit("app-mcp-nothing.scope") }
            try expect(missing?.isNoSuchUnit == true, "\(String(describing: missing))")
            report("# \(missing.map(\.description) ?? "")")
        }
    }

    private func concurrencyChecks(_ bus: UserBus) async {
        await check("twenty starts at once all get their own job") {
            let children = try (0..<20).map { _ in try GatedChild("exec true") }
            let tasks = children.map { child in
                let (name, properties) = (newName(), properties(child))
                // Unstructured, to have all calls under way on the one actor before the first is answered.
                return Task(executorPreference: loop) { try await self.start(name, properties) }
            }
            for task in tasks { try await task.value }
            let units = try await bus.listUnits(patterns: ["app-mcp-probe*.scope"])
            try expect(units.count == 20 && units.allSatisfy { $0.activeState == "active" }, "\(units)")
            for child in children { child.release() }
            for child in children { try expect(child.wait() == 0, "exit status") }
            for unit in units { try? await bus.unrefUnit(unit.name) }
        }
    }

    private func start(_ name: String, _ properties: [UnitProperty]) async throws {
        try await bus?.startTransientScope(name, properties: properties)
    }

    func failure(_ body: () async throws -> Void) async -> BusError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? BusError
        }
    }
}
