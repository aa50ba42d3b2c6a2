// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Holds a backend back until the supervisor has put it into its scope: exec comes after one byte.
@main
struct Program {
    /// The supervisor went away, or did not say what it wants.
    private static let exitNotStarted: Int32 = 125
    private static let exitCannotExecute: Int32 = 126
    private static let exitNotFound: Int32 = 127

    static func main() {
        guard let arguments = cposix_argument_values(),
            let settings = Settings(arguments: arguments, count: Int(cposix_argument_count()))
        else {
            printUsage()
            _exit(exitNotStarted)
        }
        _ = cposix_fcntl_set(settings.status, F_SETFD, FD_CLOEXEC)
        // Before the wait: a supervisor that is gone by then is seen as the end of its pipe.
        if settings.diesWithParent { _ = cposix_set_parent_death_signal(SIGTERM) }
        guard waitForGo(settings.go) else { _exit(exitNotStarted) }
        close(settings.go)
        settings.apply()
        var code = execute(settings.command)
        _ = write(settings.status, &code, 4)
        _exit(code == ENOENT ? exitNotFound : exitCannotExecute)
    }

    private static func waitForGo(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count < 0, cposix_errno() == EINTR { continue }
            return count == 1
        }
    }

    private static func printUsage() {
        let text: StaticString = """
            usage: mcp-gate GOFD STATUSFD [--nofile SOFT] [--umask OCTAL] [--oom-adjust N] [--pdeathsig] -- COMMAND [ARG...]

            """
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
