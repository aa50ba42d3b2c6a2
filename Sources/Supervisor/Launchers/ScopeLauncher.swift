// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Backends in transient scopes of the user's service manager (org.freedesktop.systemd1(5)).
///
/// Placing, limiting, accounting, killing and logging are the scope's; nothing of it is done again here.
final class ScopeLauncher: Launcher {
    static let slice = "app-mcp.slice"

    let kind = LauncherKind.systemd
    var enforcesLimits: Bool { support.limitsMemory }

    private let gate: String
    let loop: EventLoop
    let bus: BusConnection
    private let descriptorLimit: UInt64
    /// The unit that scopes go down with; `nil` when we are not a service.
    let service: String?
    /// How often the limit of all backends together was met, and how many processes were killed below it.
    var totalShortages = CounterBaseline()
    var totalKills = CounterBaseline()
    var hasLookedAtTotals = false
    /// Units that we have asked for, until they are down: while one starts it looks like one that was left behind.
    private(set) var started: Set<String> = []
    /// Properties that the manager does not take, so that scopes are made without them.
    private var refused: Set<String> = []
    /// Called when something cannot be had that backends were to have.
    var onShortcoming: (String) -> Void = { _ in }
    let changes = UnitChanges()
    let features: ManagerFeatures
    let support: CgroupSupport

    /// - Parameters:
    ///   - gate: the path of mcp-gate.
    ///   - service: our own unit when the service manager started us.
    init(
        gate: String, loop: EventLoop, bus: BusConnection, service: String?, features: ManagerFeatures,
        descriptorLimit: UInt64
    ) {
        self.gate = gate
        self.loop = loop
        self.bus = bus
        self.service = service
        self.features = features
        self.descriptorLimit = descriptorLimit
        support = CgroupSupport.probe(managerGroup: features.controlGroup)
    }

    /// The order of systemd.md §1.3: gate, scope, check, then the byte. A crash of ours anywhere before the byte
    /// leaves nothing: the gate reads an end of file.
    func launch(_ order: LaunchOrder) async throws(LaunchError) -> LaunchedBackend {
        let gated = try spawn(order)
        let pid = gated.pid
        started.insert(order.unit)
        do throws(LaunchError) {
            try await place(order, pid: pid)
            guard order.isWanted() else { throw .unwanted(unit: order.unit) }
        } catch {
            await abandon(order.unit, pid)
            throw error
        }
        let child: ChildProcess
        do throws(PosixError) {
            child = try ChildProcess(pid: pid)
            // In the descriptor store before anything of the server has run: a crash of ours from here on finds it there.
            order.keep?(pid, gated.inputNumber, gated.outputNumber)
            try gated.release()
        } catch {
            await abandon(order.unit, pid)
            throw .died("\(error)")
        }
        await loop.untilReadable(gated.outcome)
        if let code = gated.failure() {
            await abandon(order.unit, pid)
            throw .program(order.command.first ?? "", code: code)
        }
        let pipes = gated.pipes()
        let backend = LaunchedBackend(
            child: child, unit: order.unit, identifier: order.identifier, input: pipes.input, output: pipes.output)
        backend.cgroup = UnitCgroup.path(ofProcess: pid)
        passOverEarlierShortages(above: backend)
        return backend
    }

    private func spawn(_ order: LaunchOrder) throws(LaunchError) -> GatedProcess {
        do {
            let stream = try journal(order.identifier)
            return try GatedProcess(
                gate: gate, order: order, errors: stream.raw,
                options: ["--nofile", "\(descriptorLimit)", "--oom-adjust", "100"])
        } catch {
            throw .spawn(error)
        }
    }

    /// A stream into the journal; our own stderr where there is no journald.
    private func journal(_ identifier: String) throws(PosixError) -> Descriptor {
        let informational: Int32 = 6
        if let raw = try? journalStream(identifier: identifier, priority: informational) {
            let stream = Descriptor(owning: raw)
            return try stream.duplicate()
        }
        return try Descriptor.copy(of: 2)
    }

    private func place(_ order: LaunchOrder, pid: Int32) async throws(LaunchError) {
        do {
            try await startScope(order, pid: pid)
        } catch {
            throw .scopeRefused(unit: order.unit, reason: "\(error)")
        }
        // A job can say `done` over a process that died unreaped, and leave an empty scope for ever.
        guard UnitCgroup.path(ofProcess: pid)?.hasSuffix("/" + order.unit) == true else {
            throw .notInScope(unit: order.unit)
        }
    }

    /// A bus that went away is noticed at the next call only: that one is made again once the bus is back.
    private func startScope(_ order: LaunchOrder, pid: Int32) async throws(BusError) {
        for attempt in 0..<ScopeLauncher.busTries {
            do throws(BusError) {
                return try await makeScope(order, pid: pid)
            } catch {
                switch error.reason {
                case .disconnected: break
                case .system where attempt > 0: break
                default: throw error
                }
                await loop.pause(milliseconds: 100)
                // It may have been done all the same.
                if UnitCgroup.path(ofProcess: pid)?.hasSuffix("/" + order.unit) == true { return }
            }
        }
        try await makeScope(order, pid: pid)
    }

    /// A property that the manager refuses fails the whole call: the scope is made without it, this one and those to come.
    private func makeScope(_ order: LaunchOrder, pid: Int32) async throws(BusError) {
        while true {
            let wanted = properties(order, pid: pid).filter { !refused.contains($0.name) }
            do throws(BusError) {
                return try await bus.open().startTransientScope(order.unit, properties: wanted)
            } catch {
                guard let property = error.unknownProperty(among: wanted), property != .pids([UInt32(pid)]) else {
                    throw error
                }
                // Another start may have found out meanwhile.
                guard refused.insert(property.name).inserted else { continue }
                onShortcoming("systemd does not take \(property.name): backends run without it (\(error))")
            }
        }
    }

    private static let busTries = 20

    private func properties(_ order: LaunchOrder, pid: Int32) -> [UnitProperty] {
        var properties: [UnitProperty] = [
            .string("Description", order.description),
            .string("Slice", ScopeLauncher.slice),
            .pids([UInt32(pid)]),
            .bool("AddRef", true),
            .bool("MemoryAccounting", true),
            .bool("CPUAccounting", true),
            .bool("TasksAccounting", true),
            .uint64("TimeoutStopUSec", UInt64(order.killTimeout) * 1000),
        ]
        if let service { properties.append(.strings("PartOf", [service])) }
        if features.oomPolicy { properties.append(.string("OOMPolicy", "kill")) }
        return properties + ScopeLauncher.unitProperties(order.limits)
    }

    /// Limits as properties; a value that is not set is left out.
    static func unitProperties(_ limits: Limits) -> [UnitProperty] {
        let named: [(String, Int64?)] = [
            ("MemoryHigh", limits.memoryHigh), ("MemoryMax", limits.memoryMax),
            ("MemorySwapMax", limits.memorySwapMax), ("TasksMax", limits.tasksMax), ("CPUWeight", limits.cpuWeight),
        ]
        return named.compactMap { name, value in
            value.map { .uint64(name, $0 == Limits.infinity ? UInt64.max : UInt64($0)) }
        }
    }

    private func abandon(_ unit: String, _ pid: Int32) async {
        OwnProcess.send(9, to: pid)
        OwnProcess.waitFor(pid)
        try? await bus.open().stopUnit(unit)
        await forget(unit)
    }

    func terminate(_ backend: LaunchedBackend) async {
        guard let unit = backend.unit else { return }
        if backend.isFrozen { try? await thaw(backend) }
        if departure(of: backend) != nil { backend.child.signal(15) }
        // Also what called setsid(2), also what is stopped; SIGKILL after TimeoutStopUSec by itself.
        try? await bus.open().stopUnit(unit)
    }

    /// A program may move itself into another unit (systemd-run --scope, snap run).
    func departure(of backend: LaunchedBackend) -> String? {
        guard let home = backend.cgroup, let place = UnitCgroup.path(ofProcess: backend.pid),
            place != home, !place.hasPrefix(home + "/"), ProcessTable.startTime(of: backend.pid) != nil
        else { return nil }
        return place.split(separator: "/").last.map(String.init) ?? place
    }

    func kill(_ backend: LaunchedBackend) async {
        guard let unit = backend.unit else { return }
        backend.wasKilled = true
        if backend.isFrozen { try? await thaw(backend) }
        do {
            try await bus.open().killUnit(unit, signal: 9)
        } catch {
            for pid in processes(of: backend) { OwnProcess.send(9, to: pid) }
        }
        // Wherever it is by now.
        backend.child.signal(9)
    }

    func processes(of backend: LaunchedBackend) -> [Int32] { group(backend)?.processes ?? [] }

    func group(_ backend: LaunchedBackend) -> UnitCgroup? {
        backend.cgroup.map { UnitCgroup(path: $0, hierarchy: support.hierarchy) }
    }

    func cleanUp(_ backend: LaunchedBackend) async {
        guard let unit = backend.unit else { return }
        // A scope whose main process is gone may still hold what that one left behind.
        if !processes(of: backend).isEmpty {
            if backend.isFrozen { try? await thaw(backend) }
            try? await bus.open().stopUnit(unit)
        }
        await forget(unit)
    }

    /// Lets a unit that is down go: our reference to it, and its name if it failed.
    private func forget(_ unit: String) async {
        started.remove(unit)
        try? await bus.open().resetFailedUnit(unit)
        try? await bus.open().unrefUnit(unit)
    }

    func lastLines(of identifier: String, unit: String?, count: Int) async -> [String] {
        // journald stores what it was sent a moment later.
        for _ in 0..<10 {
            let lines = (try? Journal.tail(identifier: identifier, unit: unit, lines: count)) ?? []
            if !lines.isEmpty { return lines }
            await loop.pause(milliseconds: 50)
        }
        return []
    }
}

extension ScopeLauncher {
    /// Changes limits of a unit while it runs (SetUnitProperties).
    func setLimits(_ limits: Limits, ofUnit unit: String) async throws(LaunchError) {
        do {
            try await bus.open().setUnitProperties(unit, ScopeLauncher.unitProperties(limits))
        } catch {
            throw .limitsRefused(unit: unit, reason: "\(error)")
        }
    }

    func limits(of backend: LaunchedBackend) async -> Limits? {
        guard let unit = backend.unit else { return nil }
        return await limits(ofUnit: unit, .scope)
    }

    /// Read back, not remembered: a drop-in of the user wins over what we asked for.
    func limits(ofUnit unit: String, _ interface: UnitInterface) async -> Limits? {
        guard let open = try? bus.open() else { return nil }
        func read(_ name: String) async -> Int64? {
            guard let value = try? await open.uint64(name, of: unit, interface) else { return nil }
            return value == UInt64.max ? Limits.infinity : Int64(clamping: value)
        }
        return Limits(
            memoryHigh: await read("MemoryHigh"), memoryMax: await read("MemoryMax"),
            memorySwapMax: await read("MemorySwapMax"), tasksMax: await read("TasksMax"),
            cpuWeight: await read("CPUWeight"))
    }

    func cpuSeconds(of backend: LaunchedBackend) -> Double? {
        group(backend).flatMap { $0.cpuSeconds ?? ProcessTable.cpuSeconds(of: $0.processes) }
    }

    func memory(of backend: LaunchedBackend) async -> BackendMemory {
        guard let group = group(backend) else { return BackendMemory() }
        let current = group.memoryCurrent.map { Int64(clamping: $0) }
        let peak = group.memoryPeak.map { Int64(clamping: $0) }
        backend.peakSeen = [backend.peakSeen, current, peak].compactMap(\.self).max()
        let shares = group.processes.compactMap(ProcessTable.proportionalSetSize)
        return BackendMemory(
            currentBytes: current, peakBytes: backend.peakSeen,
            pssBytes: shares.isEmpty ? nil : shares.reduce(0, +))
    }
}
