// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The kernel's own numbers about a unit, for as long as its cgroup exists.
public struct UnitCgroup: Sendable, Equatable {
    /// Below the root of the hierarchy, as the unit's ControlGroup property says: `/user.slice/…/app-mcp-a.scope`.
    public let path: String
    private let root: String
    private let hierarchy: CgroupSupport.Hierarchy

    public init(path: String, hierarchy: CgroupSupport.Hierarchy, root: String = "/sys/fs/cgroup") {
        self.path = path
        self.hierarchy = hierarchy
        self.root = root
    }

    /// What is charged to the unit now, in bytes.
    public var memoryCurrent: UInt64? {
        CgroupFile.number(memoryFile("memory.current", legacy: "memory.usage_in_bytes"))
    }

    /// The most that was charged at any time, in bytes; v2 has it from Linux 5.19.
    public var memoryPeak: UInt64? {
        CgroupFile.number(memoryFile("memory.peak", legacy: "memory.max_usage_in_bytes"))
    }

    /// Processor time that its processes took, in seconds. Only v2 tells without the cpu controller.
    public var cpuSeconds: Double? {
        guard !isLegacy else { return nil }
        return CgroupFile.numbers("\(root)\(path)/cpu.stat")["usage_usec"].map { Double($0) / 1_000_000 }
    }

    /// How often limits were met. All zero when the cgroup is gone.
    public var memoryEvents: MemoryEvents { existingMemoryEvents ?? MemoryEvents() }

    /// The same; nil when the cgroup is gone.
    public var existingMemoryEvents: MemoryEvents? { events("memory.events") }

    /// How often the unit's own limit was met, without what is below it; all zero on v1, which does not tell.
    public var localMemoryEvents: MemoryEvents {
        isLegacy ? MemoryEvents() : events("memory.events.local") ?? MemoryEvents()
    }

    /// The same, of kernels before 5.2 with what is below it, which they cannot tell apart.
    public var ownMemoryEvents: MemoryEvents { events("memory.events.local") ?? memoryEvents }

    /// Where those are; has news with priority.
    public var ownMemoryEventsFile: String {
        let local = file("memory.events.local")
        return unsafe access(local, R_OK) == 0 ? local : file("memory.events")
    }

    private func events(_ name: String) -> MemoryEvents? {
        let counters = CgroupFile.numbers(memoryFile(name, legacy: "memory.oom_control"))
        guard let kills = counters["oom_kill"] else { return nil }
        // v1 says how often the limit was in the way, and not how often nothing could be reclaimed. A cgroup that went
        // between the two files has told half of it, which would mean something else.
        guard let failures = isLegacy ? CgroupFile.number(memoryFile("", legacy: "memory.failcnt")) : 0 else {
            return nil
        }
        return MemoryEvents(
            high: counters["high"] ?? 0, max: counters["max"] ?? failures,
            oom: counters["oom"] ?? (failures > 0 ? kills : 0), oomKill: kills)
    }

    /// Whether its memory is counted on cgroup v2.
    public var isUnified: Bool { !isLegacy }

    private var isLegacy: Bool { hierarchy == .hybrid || hierarchy == .legacy }

    /// A file of it in the unified hierarchy.
    public func file(_ name: String) -> String { "\(root)\(path)/\(name)" }

    public var exists: Bool { CgroupFile.read(file("cgroup.procs")) != nil }

    /// The file that memory is asked back through; nil where the kernel has none (v1, before Linux 5.19).
    public var reclaimFile: String? {
        let file = "\(root)\(path)/memory.reclaim"
        return !isLegacy && CgroupFile.isWritable(file) ? file : nil
    }

    /// The smallest memory.swap.max of the unit and what is above it, in bytes; nil when there is none.
    public var swapLimit: UInt64? {
        guard !isLegacy else { return nil }
        var group = path[...]
        var smallest: UInt64?
        while let slash = group.lastIndex(of: "/") {
            if let limit = CgroupFile.number("\(root)\(group)/memory.swap.max") {
                smallest = min(smallest ?? limit, limit)
            }
            group = group[..<slash]
        }
        return smallest
    }

    /// Whether its processes stand still (cgroup v2 freezer).
    public var isFrozen: Bool { CgroupFile.numbers("\(root)\(path)/cgroup.events")["frozen"] == 1 }

    /// Lets its processes go on, without asking systemd.
    public func thaw() -> Bool { !isLegacy && CgroupFile.write("0", to: "\(root)\(path)/cgroup.freeze") }

    /// The processes directly in it.
    public var processes: [Int32] {
        let file =
            switch hierarchy {
            case .unified, .none: "\(root)\(path)/cgroup.procs"
            case .hybrid, .legacy: "\(root)/systemd\(path)/cgroup.procs"
            }
        return (CgroupFile.read(file) ?? "").split(separator: "\n").compactMap { Int32($0) }
    }

    /// The cgroup of a process as systemd sees it, nil when there is no such process.
    public static func path(ofProcess pid: Int32) -> String? {
        CgroupFile.read("/proc/\(pid)/cgroup").flatMap { path(in: $0) }
    }

    /// The path in the text of a /proc/PID/cgroup: of systemd's named v1 hierarchy where there is one, else of v2.
    static func path(in text: String) -> String? {
        let fields = text.split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        let line =
            fields.first { $0.count == 3 && $0[1] == "name=systemd" } ?? fields.first { $0.count == 3 && $0[0] == "0" }
        return line.map { String($0[2]) }
    }

    /// v2: memory.events, which has news with priority. v1: an event counter that memory.oom_control is told of
    /// (cgroup-v1/memory.rst, OOM Control). The caller closes it.
    func openKillNotice() -> (descriptor: Int32, isLegacy: Bool)? {
        guard isLegacy else {
            let file = unsafe open(memoryFile("memory.events", legacy: ""), O_RDONLY | O_CLOEXEC)
            return file >= 0 ? (file, false) : nil
        }
        let control = unsafe open(memoryFile("", legacy: "memory.oom_control"), O_RDONLY | O_CLOEXEC)
        guard control >= 0 else { return nil }
        defer { close(control) }
        let counter = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard counter >= 0 else { return nil }
        guard CgroupFile.write("\(counter) \(control)", to: memoryFile("", legacy: "cgroup.event_control")) else {
            close(counter)
            return nil
        }
        return (counter, true)
    }

    private func memoryFile(_ name: String, legacy: String) -> String {
        switch hierarchy {
        case .unified, .none: "\(root)\(path)/\(name)"
        case .hybrid, .legacy: "\(root)/memory\(path)/\(legacy)"
        }
    }
}

/// memory.events of a cgroup.
public struct MemoryEvents: Sendable, Equatable {
    /// Times that MemoryHigh was exceeded and the unit was slowed down.
    public let high: UInt64
    /// Times that MemoryMax was about to be exceeded.
    public let max: UInt64
    /// Times that an allocation failed for this unit's own limit. 0 beside kills: a limit above it was met.
    public let oom: UInt64
    /// Processes killed for lack of memory.
    public let oomKill: UInt64

    public init(high: UInt64 = 0, max: UInt64 = 0, oom: UInt64 = 0, oomKill: UInt64 = 0) {
        self.high = high
        self.max = max
        self.oom = oom
        self.oomKill = oomKill
    }
}
