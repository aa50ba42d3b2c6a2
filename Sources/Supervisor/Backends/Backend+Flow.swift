// SPDX-License-Identifier: Apache-2.0

import Multiplexer

/// Sessions that send faster than their backend takes it are not read for a while; the others are.
extension Backend {
    /// Bytes of one session that may wait for a slow backend.
    private static let highWater = 1 << 20
    /// Bytes of one session that may wait for a backend that does not run yet, or for their turn. Generous: a session
    /// that is not read cannot take anything back, either.
    private static let queueLimit = 16 << 20

    /// To be called after a line of a session's.
    func checkBacklog(of session: SessionID, queued: Int) {
        guard queued > Backend.queueLimit || process?.isBehind == true else { return }
        guard !isPaused(session), isTooMuch(session, 1) else { return }
        pausedSessions.append(session)
        sessions[session]?.pause(.backlog)
    }

    private func isPaused(_ session: SessionID) -> Bool {
        !pausedSessions.isEmpty && pausedSessions.contains(session)
    }

    private func isTooMuch(_ session: SessionID, _ divisor: Int) -> Bool {
        if let process, process.isBehind, process.waiting(of: session) > Backend.highWater / divisor { return true }
        // Whoever is asked something must be heard; the machine sees to it that this has an end.
        return multiplexer.queuedBytes(of: session) > Backend.queueLimit / divisor && !multiplexer.isAsked(session)
    }

    /// Reads those again that may go on. To be called whenever something has left a queue.
    func reviewBacklogs() {
        guard !pausedSessions.isEmpty else { return }
        let paused = pausedSessions
        pausedSessions = paused.filter { isTooMuch($0, 2) }
        for session in paused where !pausedSessions.contains(session) { sessions[session]?.backlogIsOver() }
    }
}

extension Session {
    /// A backend has room again for what the session says. While it moves it has two, and both must have.
    func backlogIsOver() {
        let isPaused = [backend, leaving, destination].contains { $0?.pausedSessions.contains(id) == true }
        if !isPaused { resume(.backlog) }
    }
}
