// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Where the stderr of a supervisor goes that no service manager started.
enum SupervisorLog {
    /// A log that grew beyond this is begun anew.
    private static let maximumSize: off_t = 1 << 20

    /// `supervisor.log` in the state directory (`XDG_STATE_HOME`, else `~/.local/state`); nil when it cannot be opened.
    static func open() -> Descriptor? {
        guard let directory = stateDirectory() else { return nil }
        let path = directory + "/supervisor.log"
        guard
            let file = Descriptor(
                owning: cposix_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600))
        else { return nil }
        var facts = stat()
        if fstat(file.raw, &facts) == 0, facts.st_size > maximumSize { _ = ftruncate(file.raw, 0) }
        return file
    }

    private static func stateDirectory() -> String? {
        if let state = environmentValue("XDG_STATE_HOME") {
            mkdir(state, 0o700)
            return made(state + "/mcp-supervisor")
        }
        guard let home = environmentValue("HOME") else { return nil }
        mkdir(home + "/.local", 0o755)
        mkdir(home + "/.local/state", 0o700)
        return made(home + "/.local/state/mcp-supervisor")
    }

    private static func made(_ path: String) -> String? {
        mkdir(path, 0o700) == 0 || cposix_errno() == EEXIST ? path : nil
    }
}
