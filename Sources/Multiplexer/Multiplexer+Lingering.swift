// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Cancelled requests that were not answered. Some servers never answer one, and nothing says when it has stopped; until
/// then what the backend logs or asks may be about it. The revisions want a server to stop at once, so a while after it
/// was seen to have read the cancellation the request counts as stopped: unless this process has shown that it goes on.
extension Multiplexer {
    /// The backend answered this request, so it has read what the same session sent before it. What others sent says
    /// nothing: sessions wait in lines of their own.
    mutating func noteCancellationsRead(by owner: Pending.Owner, _ id: UInt64, now: Int64) {
        guard let lane = owner.lane else { return }
        for cancelled in pending.lingering {
            guard let entry = pending.entries[cancelled], entry.owner.lane == lane,
                entry.cancellationReadAt == nil, entry.cancelledAfter < id
            else { continue }
            pending.noteCancellationRead(at: cancelled, now: now)
        }
    }

    /// A request of another session is about to be sent, or is there: what the backend says next should be attributable
    /// to it soon. The answer to a ping, or to the smallest request where there is none, shows that the cancellations
    /// before it were read.
    ///
    /// - Parameter session: whose own cancelled requests stand in nobody's way; nil: none are.
    mutating func askWhetherCancellationsAreRead(besides session: SessionID?, _ actions: inout Actions) {
        guard backend.phase == .ready else { return }
        var asked: Set<Pending.Owner.Lane> = []
        for id in pending.lingering.sorted() {
            guard let entry = pending.entries[id], !entry.isMarked, entry.cancellationReadAt == nil,
                let lane = entry.owner.lane, lane != session.map(Pending.Owner.Lane.session)
            else { continue }
            pending.noteCancellationMarked(at: id)
            if asked.insert(lane).inserted { sendMarker(of: entry.owner.session, &actions) }
        }
    }

    private mutating func sendMarker(of session: SessionID?, _ actions: inout Actions) {
        let id = pending.makeID()
        let start = actions.bytes.count
        let method = era == .legacy ? Method.ping : .discover
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method.rawValue)\"")
        if let params = ownParameters(nil, as: []) { actions.write(",\"params\":\(params)") }
        actions.write("}")
        actions.sendToBackend(session, from: start)
        pending.insert(Pending(owner: .marker(session)), at: id)
        // Nobody waits for it, and a server that never answers it keeps nothing open.
        pending.cancel(id, now: clock)
    }

    /// Those that had the time to stop are counted no more.
    mutating func settleLingering() {
        guard !pending.lingering.isEmpty, !backend.ignoresCancellation else { return }
        let time = Int64(configuration.timeToStop)
        for id in pending.lingering {
            guard let readAt = pending.entries[id]?.cancellationReadAt, clock - readAt >= time else { continue }
            pending.setCounted(false, at: id)
        }
    }

    /// A cancelled request was answered after all. With a result, and late, it has been running all the time.
    mutating func noteLateAnswer(of entry: Pending, _ envelope: borrowing Envelope) {
        guard entry.owner.isCaller, !envelope.result.isEmpty, let readAt = entry.cancellationReadAt,
            clock - readAt >= Int64(configuration.timeToStop)
        else { return }
        backend.ignoresCancellation = true
    }

    /// A cancelled request tells how far it is: it runs.
    mutating func noteProgress(ofCancelled id: UInt64) {
        guard let readAt = pending.entries[id]?.cancellationReadAt, clock - readAt >= Int64(configuration.timeToStop)
        else { return }
        backend.ignoresCancellation = true
        pending.setCounted(true, at: id)
    }
}

extension Pending.Owner {
    /// The session whose request it is.
    var session: SessionID? {
        switch self {
        case .session(let target): target.session
        case .held(let session, _): session
        case .marker(let session): session
        default: nil
        }
    }

    /// What was sent in one of them is read in order.
    enum Lane: Hashable {
        case session(SessionID)
        case ours
    }

    /// Of requests that can be told from others in it.
    var lane: Lane? {
        switch self {
        case .session, .held, .marker: session.map(Lane.session) ?? .ours
        case .local, .start, .lost: .ours
        default: nil
        }
    }
}
