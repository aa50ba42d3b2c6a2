// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import Systemd

/// Listens for shortages of memory while backends run, and performs what the policy decides.
final class PressureWatch {
    private unowned let registry: Registry
    private var policy = PressurePolicy()
    private var counters = SliceCounters()
    private var watched: [(source: PressureSource, event: EventSource, file: HeldDescriptor)] = []
    private var slice: UnitCgroup?
    private var polling: EventSource?
    private var isOn = false

    /// Milliseconds between two looks at the available memory.
    static let interval: Int64 = 5_000

    init(registry: Registry) {
        self.registry = registry
    }

    /// What it listens to now; for `status`.
    var sources: [String] {
        watched.map(\.source.rawValue) + (polling == nil ? [] : [PressureSource.available.rawValue])
    }

    /// To be called when a backend's state has changed: with none there is nothing to listen for.
    func update() {
        let runs = registry.backends.values.contains { $0.process != nil }
        let wanted = runs && registry.configuration.memoryPressureWatch == .auto && !registry.isEnding
        guard wanted != isOn else { return }
        isOn = wanted
        if wanted { begin() } else { end() }
    }

    private func begin() {
        let threshold = registry.configuration.memoryPressureThreshold
        let machine = PressureDescriptor.stalls(
            .machineStalls, path: "/proc/pressure/memory", threshold: threshold)
        if let machine { watch(machine) { [unowned self] in shortage("processes wait for memory") } }
        beginSlice(threshold)
        // Where the kernel does not tell, or where a reserve was asked for.
        if !watched.contains(where: { $0.source == .machineStalls }) || registry.configuration.memoryReserve != nil {
            poll()
        }
    }

    private func beginSlice(_ threshold: Int64) {
        guard let scopes = registry.launcher as? ScopeLauncher, scopes.support.throttlesMemory,
            let launched = registry.backends.values.compactMap(\.process).first?.launched,
            let slice = scopes.slice(of: launched)
        else { return }
        self.slice = slice
        let stalls = PressureDescriptor.stalls(.sliceStalls, path: slice.file("memory.pressure"), threshold: threshold)
        if let stalls { watch(stalls) { [unowned self] in shortage("backends wait for memory") } }
        counters = SliceCounters()
        _ = counters.isShort(slice.ownMemoryEvents)
        guard let file = try? openFile(slice.ownMemoryEventsFile, flags: 0) else { return }
        file.readFromStart()
        watch(PressureDescriptor(source: .sliceEvents, descriptor: file)) { [unowned self] in sliceChanged() }
    }

    private func watch(_ pressure: consuming PressureDescriptor, _ handler: @escaping () -> Void) {
        let source = pressure.source
        let held = HeldDescriptor(pressure.descriptor)
        let event = try? registry.loop.watch(held.raw, .priority) { [weak self] events in
            // The cgroup is gone: the kernel reports an error for ever.
            if source != .machineStalls, self?.slice?.exists != true { return self?.restart() ?? () }
            held.readFromStart()
            handler()
        }
        if let event { watched.append((source, event, held)) }
    }

    private func sliceChanged() {
        guard let slice, counters.isShort(slice.ownMemoryEvents) else { return }
        shortage("a limit of all backends together is met")
    }

    private func restart() {
        end()
        isOn = false
        registry.loop.afterDispatch { [weak self] in self?.update() }
    }

    private func end() {
        watched = []
        slice = nil
        polling = nil
    }

    private func poll() {
        polling = registry.timer(milliseconds: PressureWatch.interval) { [unowned self] in
            let memory = AvailableMemory(meminfo: Files.text("/proc/meminfo") ?? "")
            if memory.isShort(reserve: registry.configuration.memoryReserve) {
                shortage("\(ByteSize.text(memory.available)) are available")
            }
            poll()
        }
    }

    private func shortage(_ what: String) {
        let running = registry.backends.values.filter { $0.process != nil && $0.lifecycle.phase == .ready }
        let now = registry.now
        let order = policy.shortage(now: now, running.map { $0.candidate(now: now) })
        switch order {
        case nil: return
        case .giveUp: registry.log.notice("memory is short (\(what)), and no backend is idle that may make room")
        case .hibernate(let id), .stop(let id):
            guard let backend = running.first(where: { $0.id == id }) else { return }
            let idle = (now - backend.lastUse) / 1000
            let deed = order == .hibernate(id) ? "hibernating it" : "stopping it"
            let text =
                "memory is short (\(what)): \(deed), idle for \(idle) s, used by \(backend.sessions.count) sessions"
            registry.log.notice(text, backend: id, unit: backend.process?.launched.unit)
            registry.events.report("pressure", backend: id, text: text)
            if order == .hibernate(id) { backend.sleep() } else { backend.stop() }
        }
    }
}

/// A descriptor that closures share; closed with the last of them.
final class HeldDescriptor {
    private let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    var raw: Int32 { descriptor.raw }
    func readFromStart() { descriptor.readFromStart() }
}

extension Backend {
    func candidate(now: Int64) -> PressurePolicy.Candidate {
        PressurePolicy.Candidate(
            id: id, idle: now - lastUse, callsInFlight: multiplexer.inFlight + waitingCalls.count,
            users: sessions.count + awaited.count + holds.count, sleeps: hibernation.phase != .awake,
            gainsBySleep: registry.launcher.reclaims && sleepFailure == nil, mayStop: configuration.stopUnderPressure)
    }
}
