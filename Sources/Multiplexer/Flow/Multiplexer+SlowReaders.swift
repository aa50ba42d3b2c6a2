// SPDX-License-Identifier: Apache-2.0

/// Clients that read more slowly than they are sent to. Answers, questions and whatever has no newer substitute wait
/// for them; of progress they get the newest, of list changes one, and log messages not at all.
extension Multiplexer {
    /// The shell tells how a client keeps up.
    public mutating func readerChanged(
        _ session: SessionID, to pace: ReaderPace, now: Int64, into actions: inout Actions
    ) {
        guard sessions[session] != nil, relay == nil else { return }
        clock = now
        let wasFull = slowReaders[session]?.isFull == true
        switch pace {
        case .keepsUp: catchUp(session, &actions)
        case .isBehind: slowReaders.insert(session, isFull: false)
        case .isFull: slowReaders.insert(session, isFull: true)
        }
        if wasFull, pace != .isFull { drain(session, &actions) }
        // Those who waited behind it need not.
        if !wasFull, pace == .isFull { drainAll(&actions) }
    }

    /// Whether the session's requests wait until its client has read what is there.
    func isFull(_ session: SessionID) -> Bool { !slowReaders.isEmpty && slowReaders[session]?.isFull == true }

    private mutating func catchUp(_ session: SessionID, _ actions: inout Actions) {
        guard let reader = slowReaders[session] else { return }
        slowReaders[session] = nil
        for progress in reader.progress where isOpen(progress.request, of: session) {
            send(progress.line, to: session, &actions)
        }
        for change in ListChange.allCases where reader.changes.contains(change) {
            tellListeners(of: change, in: session, &actions)
            tell(session, of: change, &actions)
        }
        noteLosses(of: session, reader, &actions)
    }

    private func isOpen(_ request: UInt64, of session: SessionID) -> Bool {
        guard let entry = pending.entries[request], entry.cancelledAt == nil, case .session(let target) = entry.owner
        else { return false }
        return target.session == session
    }

    private func send(_ line: [UInt8], to session: SessionID, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.bytes.append(contentsOf: line)
        actions.sendToSession(session, from: start)
    }

    /// The session is over.
    mutating func forgetSlowReader(_ session: SessionID, _ actions: inout Actions) {
        guard !slowReaders.isEmpty, let reader = slowReaders[session] else { return }
        slowReaders[session] = nil
        noteLosses(of: session, reader, &actions)
    }

    private func noteLosses(of session: SessionID, _ reader: SlowReader, _ actions: inout Actions) {
        guard let losses = reader.losses else { return }
        actions.log(.notice, "session \(session): its client was behind in reading: \(losses)")
    }

    // MARK: - What need not be sent

    /// Takes a progress message back that was just written, to be sent later if no newer one comes.
    mutating func keepProgress(
        of request: UInt64, in session: SessionID, from start: Int, _ actions: inout Actions
    ) -> Bool {
        slowReaders.change(session) { reader in
            reader.keep(Array(actions.bytes[start...]), of: request)
            actions.bytes.removeSubrange(start...)
        }
    }

    /// Before its answer, the request's last progress is sent.
    mutating func releaseProgress(of request: UInt64, in session: SessionID, _ actions: inout Actions) {
        var line: [UInt8]?
        guard slowReaders.change(session, { line = $0.takeProgress(of: request) }), let line else { return }
        send(line, to: session, &actions)
    }

    /// Whether a log message is not sent.
    mutating func leavesOutLog(for session: SessionID) -> Bool { slowReaders.change(session) { $0.leftOutLogs += 1 } }

    /// Whether a change of a list is told later.
    mutating func keepsChange(_ change: ListChange, for session: SessionID) -> Bool {
        slowReaders.change(session) { reader in
            if !reader.changes.insert(change).inserted { reader.mergedChanges += 1 }
        }
    }
}
