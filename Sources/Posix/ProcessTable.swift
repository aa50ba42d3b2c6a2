// SPDX-License-Identifier: Apache-2.0

import CPosix

/// What /proc says of processes (proc(5)). Processes come and go: whatever cannot be read is left out.
public enum ProcessTable {
    /// The proportional set size of one process, in bytes.
    public static func proportionalSetSize(of pid: Int32) -> Int64? {
        guard let text = Files.text("/proc/\(pid)/smaps_rollup") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            let words = line.split(separator: " ")
            if words.count >= 2, let kibibytes = Int64(words[1]) { return kibibytes * 1024 }
        }
        return nil
    }

    /// The processor time of processes and of those of their children that have ended, in seconds; `nil` when none of
    /// them is there.
    public static func cpuSeconds(of pids: [Int32]) -> Double? {
        // utime, stime, cutime and cstime of proc(5): the 14th to the 17th field.
        let ticks = pids.compactMap {
            statistics(of: $0)?.dropFirst(11).prefix(4).compactMap { Int64($0) }.reduce(0, +)
        }
        // A clock tick is a hundredth of a second on Linux (USER_HZ).
        return ticks.isEmpty ? nil : Double(ticks.reduce(0, +)) / 100
    }

    /// The parent of every process.
    public static func parents() -> [Int32: Int32] {
        var parents: [Int32: Int32] = [:]
        for name in Files.names(in: "/proc") {
            guard let pid = Int32(name), let fields = statistics(of: pid), fields.count > 1 else { continue }
            parents[pid] = Int32(fields[1])
        }
        return parents
    }

    /// A process and everything below it.
    public static func tree(of root: Int32) -> [Int32] { trees(of: [root], parents: parents()) }

    /// Processes and everything below them.
    ///
    /// - Parameter parents: the table as it was read.
    public static func trees(of roots: [Int32], parents: [Int32: Int32]) -> [Int32] {
        var children: [Int32: [Int32]] = [:]
        for (pid, parent) in parents { children[parent, default: []].append(pid) }
        var found: [Int32] = []
        var open = roots
        while let pid = open.popLast() {
            found.append(pid)
            open += children[pid] ?? []
        }
        return found
    }

    /// The fields of `/proc/PID/stat` from the third on: state, ppid, … The second, the name, may hold anything.
    private static func statistics(of pid: Int32) -> [Substring]? {
        guard let text = Files.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// When a process started, in clock ticks after the boot: with the pid, an identity that is not used again.
    public static func startTime(of pid: Int32) -> UInt64? {
        guard let fields = statistics(of: pid), fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }

    /// The session that a process belongs to (setsid(2)).
    public static func session(of pid: Int32) -> Int32? {
        guard let fields = statistics(of: pid), fields.count > 3 else { return nil }
        return Int32(fields[3])
    }

    /// Names the pid namespace of a process (pid_namespaces(7)); `nil` when we may not know.
    public static func pidNamespace(of pid: Int32) -> String? { Files.link("/proc/\(pid)/ns/pid") }

    /// Whether a process is dead and waits for its parent.
    public static func isZombie(_ pid: Int32) -> Bool { statistics(of: pid)?.first == "Z" }

    /// Whether a process stands still after SIGSTOP.
    public static func isStopped(_ pid: Int32) -> Bool { statistics(of: pid)?.first == "T" }

    /// The value of a variable in the environment that a process was started with.
    public static func environmentValue(_ name: String, of pid: Int32) -> String? {
        guard let bytes = try? Files.read("/proc/\(pid)/environ") else { return nil }
        let prefix = Array((name + "=").utf8)
        for entry in bytes.split(separator: 0) where entry.starts(with: prefix) {
            return String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
        }
        return nil
    }

    /// The path of a process's cgroup in the unified hierarchy, or in systemd's own where that one is not in use.
    public static func cgroup(of pid: Int32) -> String? {
        guard let text = Files.text("/proc/\(pid)/cgroup") else { return nil }
        var named: String?
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[1] == "name=systemd" { named = String(parts[2]) }
            if parts[1].isEmpty, parts[2] != "/" { return String(parts[2]) }
        }
        return named
    }
}
