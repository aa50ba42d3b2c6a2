// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The supervisor as the shim sees it: something to connect to, that has to be started when nobody listens.
struct Supervisor {
    /// How long other shims may take to start it before we do not wait any longer.
    private static let lockMilliseconds = 10_000

    let control: ControlPath

    func connect() throws(Failure) -> Connection {
        if try control.checkDirectory(), let connection = try Connection.open(control.socket) { return connection }
        // First, so that nothing is created where there is nothing to start.
        return try connectOrStart(SupervisorProgram.find())
    }

    private func connectOrStart(_ program: String) throws(Failure) -> Connection {
        // The agent's could keep ourselves out of what is created here.
        let mask = umask(0o077)
        defer { umask(mask) }
        try control.makeDirectory()
        _ = try control.checkDirectory()
        let path = control.socket + ".lock"
        guard let lock = Descriptor(owning: cposix_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)) else {
            throw Failure("cannot open " + path, errno: cposix_errno())
        }
        if let connection = try waitForLock(lock.raw) { return connection }
        // Another shim may have started one since we looked.
        if let connection = try Connection.open(control.socket) { return connection }
        try start(program)
        guard let connection = try Connection.open(control.socket) else {
            throw Failure("mcp-supervisor ended as soon as it was started")
        }
        return connection
    }

    /// flock(2) has no time limit, and who holds the lock may be stopped; so it is asked for again and again, and so is
    /// the socket, which is what everybody waits for.
    /// - Returns: a connection, or nil when the lock is ours.
    private func waitForLock(_ lock: Int32) throws(Failure) -> Connection? {
        var backoff = Backoff(milliseconds: Supervisor.lockMilliseconds, startingAt: 1)
        while flock(lock, LOCK_EX | LOCK_NB) < 0 {
            let code = cposix_errno()
            guard code == EWOULDBLOCK || code == EINTR else {
                throw Failure("cannot lock " + control.socket + ".lock", errno: code)
            }
            guard backoff.pause() else { throw Failure("another mcp-shim holds " + control.socket + ".lock") }
            if let connection = try Connection.open(control.socket) { return connection }
        }
        return nil
    }

    /// The socket listens before the supervisor runs: connections wait in its backlog, and nobody waits for readiness.
    private func start(_ program: String) throws(Failure) {
        let listener = try listen()
        do {
            try SupervisorStart(program: program, listener: listener.raw).run()
        } catch {
            unlink(control.socket)
            throw error
        }
    }

    private func listen() throws(Failure) -> Descriptor {
        guard let listener = Descriptor(owning: cposix_unix_stream_socket()) else {
            throw Failure("cannot make a socket", errno: cposix_errno())
        }
        if unlink(control.socket) < 0, cposix_errno() != ENOENT {
            throw Failure("cannot remove the stale " + control.socket, errno: cposix_errno())
        }
        let mask = umask(0o177)
        let isBound = cposix_bind_unix(listener.raw, control.socket) == 0
        let code = cposix_errno()
        umask(mask)
        guard isBound else { throw Failure("cannot listen at " + control.socket, errno: code) }
        // The kernel lowers it to net.core.somaxconn.
        guard CPosix.listen(listener.raw, 4096) == 0 else {
            throw Failure("cannot listen at " + control.socket, errno: cposix_errno())
        }
        return listener
    }
}
