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
    /// be another's.
    mutating func audience() -> [SessionID] {
        settleLingering()
        guard pending.runningLocally == 0 else { return [] }
        let running = pending.runningBySession
        guard running.count < 2 else { return [] }
        let only = running.first?.key ?? tasks.runningOwners.first
        guard !isTaskOfAnother(than: only) else { return [] }
        guard let only else {
            return sessions.keys.filter { sessions[$0]?.phase == .initialized && !hasLeft($0) }
        }
        return sessions[only] == nil ? [] : [only]
    }
}

extension Pending.Owner {
    fileprivate var mayBeAsked: Bool {
        switch self {
        case .session(let target): target.form.contains(.interactive)
        case .local, .start, .held: true
        default: false
        }
    }
}
