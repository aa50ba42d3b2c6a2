// SPDX-License-Identifier: Apache-2.0

import Posix

/// Whose a process is, where there is no cgroup to say so.
extension DirectLauncher {
    /// Everything below us that carries the backend's mark, is in its session, writes to its stderr, or was started by one
    /// of those. Each alone can be shed (`env -i`, setsid(1), a redirection, a parent that ends); what was its once stays
    /// its.
    func processes(of backend: LaunchedBackend) -> [Int32] {
        let parents = ProcessTable.parents()
        let below = Set(ProcessTable.trees(of: [OwnProcess.pid], parents: parents)).subtracting([OwnProcess.pid])
        let roots = below.filter { belongs($0, to: backend) }
        let all = Set(ProcessTable.trees(of: Array(roots), parents: parents)).intersection(below)
        backend.seen = Dictionary(
            uniqueKeysWithValues: all.compactMap { pid in ProcessTable.startTime(of: pid).map { (pid, $0) } })
        return all.sorted()
    }

    private func belongs(_ pid: Int32, to backend: LaunchedBackend) -> Bool {
        if let start = backend.seen[pid], ProcessTable.startTime(of: pid) == start { return true }
        if ProcessTable.session(of: pid) == backend.pid { return true }
        if let pipe = backend.errorPipe, Files.link("/proc/\(pid)/fd/2") == pipe { return true }
        let mark = "\(BackendMark(backend: backend.identifier))"
        return ProcessTable.environmentValue(BackendMark.variable, of: pid) == mark
    }
}
