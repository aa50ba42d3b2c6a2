// SPDX-License-Identifier: Apache-2.0

import Posix
import Systemd

/// One way to hear that memory is short.
enum PressureSource: String, Sendable, Equatable {
    /// A trigger on /proc/pressure/memory.
    case machineStalls = "/proc/pressure/memory"
    /// A trigger on the slice's memory.pressure.
    case sliceStalls = "memory.pressure of app-mcp.slice"
    /// The slice's counters: its MemoryHigh or MemoryMax was met.
    case sliceEvents = "memory.events of app-mcp.slice"
    /// MemAvailable in /proc/meminfo, looked at from time to time.
    case available = "MemAvailable"
}

/// A descriptor that becomes readable with priority (EPOLLPRI) when memory is short, and what to watch it for.
struct PressureDescriptor: ~Copyable {
    let source: PressureSource
    let descriptor: Descriptor

    /// A trigger of the kernel's pressure stall information (Documentation/accounting/psi): some process waited for
    /// memory for that long within two seconds, the only window that unprivileged users get.
    static func stalls(
        _ source: PressureSource, path: String, threshold: Int64
    ) -> PressureDescriptor? {
        guard let file = try? Descriptor.openForTrigger(path), file.takes("some \(threshold * 1000) 2000000\0") else {
            return nil
        }
        return PressureDescriptor(source: source, descriptor: file)
    }
}

/// The counters of a slice that mean a shortage: not how often, but whether they rose.
struct SliceCounters: Equatable {
    private var last: MemoryEvents?

    mutating func isShort(_ now: MemoryEvents) -> Bool {
        defer { last = now }
        guard let last else { return false }
        return now.high > last.high || now.max > last.max || now.oom > last.oom
    }
}

/// What /proc/meminfo says.
struct AvailableMemory: Equatable {
    var total: Int64 = 0
    var available: Int64 = 0

    init(meminfo: String) {
        for line in meminfo.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int64(words[1]) else { continue }
            if words[0] == "MemTotal:" { total = kibibytes * 1024 }
            if words[0] == "MemAvailable:" { available = kibibytes * 1024 }
        }
    }

    /// - Parameter reserve: what is to stay free, in bytes; `nil`: a twentieth of the machine's memory.
    func isShort(reserve: Int64?) -> Bool { total > 0 && available < reserve ?? total / 20 }
}
