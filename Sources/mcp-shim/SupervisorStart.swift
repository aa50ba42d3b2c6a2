// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Starts the supervisor as a daemon that has the listening socket as systemd would pass it (sd_listen_fds(3)).
struct SupervisorStart {
    private static let listenDescriptor: Int32 = 3

    let program: String
    let listener: Int32

    /// Returns as soon as the program runs, or cannot. The second fork leaves the daemon to init, so nobody has to reap it.
    func run() throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0, let reading = Descriptor(owning: ends[0]),
            let writing = Descriptor(owning: ends[1])
        else { throw Failure("cannot make a pipe", errno: cposix_errno()) }
        let child = fork()
        guard child >= 0 else { throw Failure("cannot fork", errno: cposix_errno()) }
        if child == 0 {
            setsid()
            if fork() == 0 { becomeSupervisor(reportingTo: writing.raw) }
            _exit(0)
        }
        while waitpid(child, nil, 0) < 0, cposix_errno() == EINTR {}
        _ = consume writing
        let code = readCode(reading.raw)
        guard code == 0 else { throw Failure("cannot start " + program, errno: code) }
    }

    /// Waits until execve(2) closed the pipe or reported its errno there.
    private func readCode(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        while read(descriptor, &code, 4) < 0, cposix_errno() == EINTR {}
        return code
    }

    private func becomeSupervisor(reportingTo report: Int32) -> Never {
        resetSignals()
        umask(0o077)
        var environment = SupervisorEnvironment().entries
        let isPlaced = chdir("/") == 0 && placeDescriptors(report)
        if isPlaced {
            program.withCString { path in
                var arguments = [UnsafeMutablePointer(mutating: path), nil]
                _ = execve(path, &arguments, &environment)
            }
        }
        var code = cposix_errno()
        _ = write(report, &code, 4)
        _exit(127)
    }

    /// What an agent ignores or blocks is not what a daemon should inherit.
    private func resetSignals() {
        for number in 1..<Int32(32) { cposix_default_signal(number) }
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }

    /// Stdin and stdout on /dev/null, stderr to the log, the socket as 3. Nothing else of the agent's may stay open, or
    /// it would wait for the end of a pipe that the daemon holds.
    private func placeDescriptors(_ report: Int32) -> Bool {
        guard let null = Descriptor(owning: cposix_open("/dev/null", O_RDWR | O_CLOEXEC, 0)) else { return false }
        // Descriptor 3 may be any of ours, so what is still needed moves out of the way first.
        let socket = cposix_fcntl_set(listener, F_DUPFD_CLOEXEC, SupervisorStart.listenDescriptor + 1)
        let kept = cposix_fcntl_set(report, F_DUPFD_CLOEXEC, SupervisorStart.listenDescriptor + 1)
        guard socket >= 0, kept >= 0, dup2(null.raw, STDIN_FILENO) >= 0, dup2(null.raw, STDOUT_FILENO) >= 0
        else { return false }
        if let log = SupervisorLog.open() {
            dup2(log.raw, STDERR_FILENO)
        } else {
            dup2(null.raw, STDERR_FILENO)
        }
        closeOnExec(from: SupervisorStart.listenDescriptor + 1)
        return dup2(socket, SupervisorStart.listenDescriptor) >= 0
    }

    private func closeOnExec(from first: Int32) {
        guard cposix_close_range_on_exec(UInt32(first)) < 0 else { return }
        // Before Linux 5.11.
        var limit = rlimit()
        cposix_get_descriptor_limit(&limit)
        for descriptor in first..<Int32(min(limit.rlim_cur, 65_536)) {
            _ = cposix_fcntl_set(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
