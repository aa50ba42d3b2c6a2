// SPDX-License-Identifier: Apache-2.0

import CPosix

/// EX_UNAVAILABLE of sysexits.h.
let exitUnavailable: Int32 = 69

/// What is left when a session cannot be shared.
enum Fallback {
    /// Becomes the command, as if we had never been in between: descriptors, environment, signals and arguments are as
    /// they were found, and everything of ours is close-on-exec. Without a command there is nothing left to do.
    static func run(_ options: Options, because reason: String) -> Never {
        guard let command = options.command, let program = command[0] else {
            complain(reason)
            _exit(exitUnavailable)
        }
        let name = String(cString: program)
        complain(reason + "; running " + name + " unshared")
        execvp(program, command)
        complain("cannot run " + name + ": " + systemErrorText(cposix_errno()))
        _exit(exitUnavailable)
    }
}
