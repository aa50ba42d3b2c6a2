// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// A shell that waits for a line on its stdin before it becomes its command, as `mcp-gate` does.
@safe final class GatedChild {
    let pid: pid_t
    private let gate: Int32

    /// - Parameter standardError: Becomes the child's stderr; stays the caller's.
    init(_ command: String, standardError: Int32 = 2) throws(SystemdError) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SystemdError("make a pipe", code: errno) }
        gate = ends[1]
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, standardError, 2)
        unsafe posix_spawn_file_actions_addclose(&actions, ends[1])
        unsafe posix_spawn_file_actions_addclose(&actions, ends[0])
        var pid: pid_t = 0
        let arguments = ["sh", "-c", "read go || exit 125; \(command)"]
        var words = unsafe arguments.map { unsafe strdup($0) }
        defer { while let word = unsafe words.popLast() { unsafe free(word) } }
        let result = unsafe posix_spawn(&pid, "/bin/sh", &actions, nil, words + [nil], environ)
        close(ends[0])
        guard result == 0 else { throw SystemdError("spawn a shell", code: result) }
        self.pid = pid
    }

    deinit { close(gate) }

    func release() { _ = unsafe write(gate, "\n", 1) }

    /// Waits for the end: the exit status, or 128 and the signal.
    func wait() -> Int32 {
        var status: Int32 = 0
        unsafe waitpid(pid, &status, 0)
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    func kill() { Glibc.kill(pid, SIGKILL) }
}
