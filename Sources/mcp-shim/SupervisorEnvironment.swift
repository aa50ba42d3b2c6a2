// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The environment of a supervisor that we start, for execve(2): ours, but for what speaks to one process only.
struct SupervisorEnvironment {
    /// A shim may itself run in a service; its notifications and its sockets are not the supervisor's.
    private static let personal: [StaticString] = [
        "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "LISTEN_PIDFDID=", "NOTIFY_SOCKET=", "WATCHDOG_PID=",
        "WATCHDOG_USEC=", "INVOCATION_ID=", "JOURNAL_STREAM=", "MAINPID=", "MANAGERPID=",
    ]

    private(set) var entries: [UnsafeMutablePointer<CChar>?] = []

    /// For the calling process: sd_listen_fds(3) compares LISTEN_PID with its own pid.
    init() {
        var variable = cposix_environ()
        while let entry = variable.pointee {
            variable += 1
            if !isPersonal(entry) { entries.append(entry) }
        }
        entries.append(strdup("LISTEN_PID=" + String(getpid())))
        entries.append(strdup("LISTEN_FDS=1"))
        entries.append(strdup("LISTEN_FDNAMES=mcp-supervisor"))
        entries.append(nil)
    }

    private func isPersonal(_ entry: CString) -> Bool {
        for name in SupervisorEnvironment.personal {
            if strncmp(
                entry, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), name.utf8CodeUnitCount)
                == 0
            {
                return true
            }
        }
        return false
    }
}
