// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

extension Probe {
    private static let unit = "systemd-probe.service"

    /// Run by `check` as a notifying service with a descriptor store and restart: stores a pipe and kills itself; finds
    /// the pipe at the next start; then has itself stopped.
    func runAsService() async {
        do {
            let bus = try UserBus(loop: loop)
            self.bus = bus
            let stored = listenDescriptors()
            if stored.isEmpty { try await storeAndDie(bus) }
            await check("a stored pipe and what was in it survive SIGKILL") {
                try expect(stored.map(\.name) == ["probe.out"], "\(stored)")
                var bytes = [UInt8](repeating: 0, count: 16)
                let count = unsafe read(stored[0].descriptor, &bytes, bytes.count)
                try expect(count == 5, "read \(count)")
                ServiceNotification.removeStored(name: "probe.out")
                try ServiceNotification.barrier()
                try expect(try await storedCount(bus) == 0, "still stored")
            }
            await check("systemd asked for a watchdog") { try expect(try loop.enableWatchdog(), "it did not") }
            signals = try loop.onSignal(SIGTERM) { [unowned self] in assumeIsolated { $0.terminated() } }
            ServiceNotification.ready()
            // The stop job ends with this process.
            loop.task(of: self) { try? await $0.bus?.stopUnit(Self.unit) }
        } catch {
            report("not ok - \(error)")
            loop.exit(0)
        }
    }

    private func storeAndDie(_ bus: UserBus) async throws {
        var ends: [Int32] = [0, 0]
        try expect(unsafe pipe(&ends) == 0, "pipe")
        _ = unsafe write(ends[1], "hello", 5)
        try expect(try ServiceNotification.storeDescriptor(name: "probe.out", ends[0]), "no manager")
        try ServiceNotification.barrier()
        try expect(try await storedCount(bus) == 1, "not stored")
        ServiceNotification.ready()
        kill(getpid(), SIGKILL)
    }

    private func storedCount(_ bus: UserBus) async throws -> UInt32 {
        try await bus.uint32("NFileDescriptorStore", of: Self.unit, .service)
    }

    private func terminated() {
        loop.task(of: self) { probe in
            await probe.check("a service learns that SIGTERM means stop") {
                let job = try await probe.bus?.jobType(of: Self.unit)
                try probe.expect(job == "stop", "\(job ?? "no job")")
            }
            ServiceNotification.stopping()
            probe.loop.exit(0)
        }
    }
}
