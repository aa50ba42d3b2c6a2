// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// Runs the checks of `Probe` against the user manager that it finds, and exits with the number that failed.
@main struct Program {
    static func main() {
        do throws(SystemdError) {
            let loop = try EventLoop()
            let probe = Probe(loop: loop)
            let isService = CommandLine.arguments.dropFirst().first == "service"
            // Not `Task {}`: on the main actor, where this function is, it would wait for ever.
            loop.task(of: probe) { await isService ? $0.runAsService() : $0.run() }
            exit(try loop.run())
        } catch {
            report("not ok - \(error)")
            exit(1)
        }
    }
}

/// Prints a line that is seen at once, also through a pipe.
func report(_ line: String) {
    print(line)
    fflush(nil)
}
