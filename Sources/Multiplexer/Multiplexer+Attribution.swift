// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Whose a question of the backend is: on stdio nothing in it says so (protocol.md §2.4). Servers ask within a request
/// (SEP-2260), so it is the session's of which alone such requests may be running. Never a guess.
extension Multiplexer {
    /// The calls that the question may be about, all of one session and the oldest first; empty: nobody can be asked.
    mutating func callsThatMayAsk() -> [UInt64] {
        settleLingering()
        var calls: [UInt64] = []
        var session: SessionID?
        for (id, entry) in pending.entries where entry.isCounted && entry.owner.mayBeAsked {
            // One of ours is somebody's who cannot be asked, and a second session makes it a guess.
            guard let caller = entry.owner.session, session ?? caller == caller else { return [] }
            session = caller
            if entry.cancelledAt == nil { calls.append(id) }
        }
        return isTaskOfAnother(than: session) ? [] : calls.sorted()
    }

    /// A task runs on after its call was answered, and may be what is meant.
    private func isTaskOfAnother(than session: SessionID?) -> Bool {
        tasks.runningCount > 0 && tasks.runningOwners != Set([session].compactMap(\.self))
    }

    /// Who may see what names nobody: the only one whose request runs; everybody when nothing runs; nobody when it could
    /// be another's, unless the configuration wants everybody to.
    mutating func audience(of line: Span<UInt8>) -> [SessionID] {
        settleLingering()
        let running = pending.runningBySession
        let subscribing = subscribing(besides: running.first?.key, line)
        let only = running.first?.key ?? subscribing?.first ?? tasks.runningOwners.first
        guard pending.runningLocally == 0, running.count < 2, let subscribing, subscribing.allSatisfy({ $0 == only }),
            !isTaskOfAnother(than: only)
        else {
            return configuration.unattributedNotifications == .broadcast ? everybody : []
        }
        guard let only else { return everybody }
        return sessions[only] == nil ? [] : [only]
    }

    /// The sessions that the backend is asked for about subscriptions; nil: it is not known which. All that it can say of
    /// those is their URI: beside a request of another session, what has nothing of that is about the other.
    private func subscribing(besides caller: SessionID?, _ line: Span<UInt8>) -> Set<SessionID>? {
        guard pending.subscriptionCount > 0 else { return [] }
        if caller != nil, !subscriptions.mayBeNamed(in: line) { return [] }
        return subscriptions.underWay
    }

    private var everybody: [SessionID] {
        sessions.keys.filter { session in
            guard let state = sessions[session], !hasLeft(session) else { return false }
            return state.phase == .initialized || !state.requestLevels.isEmpty
        }
    }
}

extension Pending.Owner {
    fileprivate var mayBeAsked: Bool {
        switch self {
        case .session(let target): target.form.contains(.interactive)
        case .local, .start, .held, .lost: true
        default: false
        }
    }
}
