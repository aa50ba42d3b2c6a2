// SPDX-License-Identifier: Apache-2.0
import Control
import Posix

/// An MCP server whose client is gone. Of its command line only the server's name is shown: the rest may hold secrets.
struct Stray: Codable, Equatable {
    var pid: Int32
    var server: String
    /// Processes below it.
    var below: Int
    var pssBytes: Int64?
    var seconds: Int64?
    /// In clock ticks after the boot: with the pid, an identity.
    var started: UInt64

    enum CodingKeys: String, CodingKey {
        case pid, server, below
        case pssBytes = "pss_bytes"
        case seconds = "age_s"
        case started
    }
}

/// Looks for them, and ends them.
enum Strays {
    static func all() -> [Stray] {
        let parents = ProcessTable.parents()
        return parents.keys.sorted().compactMap { pid in
            guard pid != OwnProcess.pid, let parent = parents[pid], let started = ProcessTable.startTime(of: pid),
                let server = StrayJudge.server(facts(pid, parent: parent))
            else { return nil }
            let tree = ProcessTable.tree(of: pid)
            let sizes = tree.compactMap(ProcessTable.proportionalSetSize)
            return Stray(
                pid: pid, server: server, below: tree.count - 1,
                pssBytes: sizes.isEmpty ? nil : sizes.reduce(0, +), seconds: age(started), started: started)
        }
    }

    private static func facts(_ pid: Int32, parent: Int32) -> ProcessFacts {
        let status = Files.text("/proc/\(pid)/status") ?? ""
        let uid = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }?.split(separator: "\t")
        let words = (try? Files.read("/proc/\(pid)/cmdline")) ?? []
        let parentName = Files.text("/proc/\(parent)/comm")?.split(separator: "\n").first
        let environment = try? Files.read("/proc/\(pid)/environ")
        return ProcessFacts(
            pid: pid, isOurUser: (uid?.count ?? 0) > 1 && uid?[1] == "\(OwnProcess.uid)",
            isInOurNamespace: ProcessTable.pidNamespace(of: pid) == ProcessTable.pidNamespace(of: OwnProcess.pid),
            parentName: parentName.map(String.init),
            arguments: words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) },
            unit: ProcessTable.cgroup(of: pid)?.split(separator: "/").last.map(String.init) ?? "",
            isMarked: environment.map { bytes in
                bytes.split(separator: 0).contains { $0.starts(with: Array("MCP_SUPERVISOR_BACKEND=".utf8)) }
            })
    }

    private static func age(_ started: UInt64) -> Int64? {
        guard let uptime = Files.text("/proc/uptime")?.split(separator: ".").first.flatMap({ Int64($0) }) else {
            return nil
        }
        // A clock tick is a hundredth of a second on Linux (USER_HZ).
        return max(0, uptime - Int64(clamping: started) / 100)
    }

    /// Ends strays and what is below them: SIGTERM, three seconds, SIGKILL. Signals go to pidfds: a process that gets the
    /// pid of one that has ended meanwhile is left alone.
    ///
    /// - Returns: those that are gone.
    static func end(_ strays: [Stray]) -> [Stray] {
        let targets = strays.flatMap(hold)
        for round in 0..<40 {
            let alive = targets.filter { ProcessTable.startTime(of: $0.process.pid) == $0.started }
            if alive.isEmpty { break }
            if round == 0 || round >= 30 {
                for target in alive { target.process.signal(round == 0 ? 15 : 9) }
            }
            OwnProcess.pause(milliseconds: 100)
        }
        return strays.filter { ProcessTable.startTime(of: $0.pid) != $0.started }
    }

    /// A stray and what is below it, for as long as it is the one that was shown.
    private static func hold(_ stray: Stray) -> [(process: ChildProcess, started: UInt64)] {
        let held = ProcessTable.tree(of: stray.pid).compactMap { pid in
            ProcessTable.startTime(of: pid).flatMap { start in
                ChildProcess.seen(pid, startedAt: start).map { (process: $0, started: start) }
            }
        }
        // Looked at again now that they are held: whatever is below it is none of a later time.
        let below = Set(ProcessTable.tree(of: stray.pid))
        guard ProcessTable.startTime(of: stray.pid) == stray.started else { return [] }
        return held.filter { below.contains($0.process.pid) }
    }
}
