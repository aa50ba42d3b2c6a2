// SPDX-License-Identifier: Apache-2.0

import Posix

/// What each process of a backend carries in its environment: whose it is.
///
/// Whoever calls setsid(2) or loses its parent keeps it, so a backend's processes are found without a cgroup; and a
/// supervisor finds what another one, which is gone, left behind. The start time tells a supervisor from a later
/// process with its pid.
struct BackendMark: Equatable, CustomStringConvertible {
    static let variable = "MCP_SUPERVISOR_BACKEND"

    let backend: String
    let supervisor: Int32
    /// Clock ticks after the boot (proc(5), starttime).
    let supervisorStart: UInt64

    /// The mark of a backend of ours.
    init(backend: String) {
        self.backend = backend
        supervisor = OwnProcess.pid
        supervisorStart = ProcessTable.startTime(of: OwnProcess.pid) ?? 0
    }

    /// Reads a mark: `serena-library-1f3a@4711:123456`.
    init?(_ text: String) {
        guard let at = text.lastIndex(of: "@") else { return nil }
        let numbers = text[text.index(after: at)...].split(separator: ":")
        guard numbers.count == 2, let pid = Int32(numbers[0]), let start = UInt64(numbers[1]) else { return nil }
        backend = String(text[..<at])
        supervisor = pid
        supervisorStart = start
    }

    var description: String { "\(backend)@\(supervisor):\(supervisorStart)" }

    /// Whether the supervisor that set it is gone.
    var isOrphaned: Bool { ProcessTable.startTime(of: supervisor) != supervisorStart }
}
