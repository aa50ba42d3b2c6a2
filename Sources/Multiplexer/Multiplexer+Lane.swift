// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// While a call of `interactive_tools` runs, no other session's call is sent, so that what the backend asks meanwhile
/// belongs to its session. The price is that other sessions wait, so only for listed tools.
extension Multiplexer {
    /// A backend of the stateless era asks in the answer of the very call that it is about.
    private var hasLane: Bool { !configuration.interactiveTools.isEmpty && era == .legacy }

    /// Whether a request may leave now, as far as calls that must be alone are concerned. One that waits to be alone
    /// is overtaken by nobody who came later: the calls before it end some time, and so it gets its turn.
    ///
    /// - Parameter ticket: when the request came; of one that comes now it is the last.
    func mayLeave(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID, _ ticket: UInt64 = .max
    ) -> Bool {
        guard hasLane, Self.mayAsk(envelope.knownMethod) else { return true }
        guard pending.alone.isEmpty else {
            // A session's own calls do not make it harder to tell whose a question is. But the lane must end some time,
            // which it may not do before one who is asked has called another tool to know what to answer.
            return pending.alone.allSatisfy { owner(of: $0) == session }
                && (isAskedSomething(session) || !somebodyWaits(ticket, besides: session))
        }
        // The one who waits to be alone waits for calls that may be waiting for this answer.
        guard isAskedSomething(session) || !isBehindOneAlone(ticket, of: session) else { return false }
        return !mustBeAlone(line, envelope) || !somebodyCalls(besides: session)
    }

    private func owner(of call: UInt64) -> SessionID? { pending.entries[call]?.owner.session }

    private func isAskedSomething(_ session: SessionID) -> Bool {
        isAsked(session) || heldCalls.values.contains { $0.session == session }
    }

    private func somebodyCalls(besides session: SessionID) -> Bool {
        guard pending.runningCalls > 0 else { return false }
        return pending.entries.values.contains {
            $0.isCall && $0.cancelledAt == nil && $0.owner.session != session
        }
    }

    private func somebodyWaits(_ ticket: UInt64, besides session: SessionID) -> Bool {
        sessions.keys.contains { other in
            guard other != session, !isFull(other), let first = sessions[other]?.queue.first else { return false }
            return first.target != nil && first.ticket < ticket
        }
    }

    private func isBehindOneAlone(_ ticket: UInt64, of session: SessionID) -> Bool {
        sessions.keys.contains { other in
            guard other != session, !isFull(other), let first = sessions[other]?.queue.first else { return false }
            return first.isAlone && first.ticket < ticket
        }
    }

    /// For a request that has to wait.
    mutating func takeTicket(_ line: inout LineQueue.Line) {
        guard hasLane else { return }
        lastTicket += 1
        line.ticket = lastTicket
        guard let envelope = try? Envelope(scanning: line.bytes.span) else { return }
        line.isAlone = mustBeAlone(line.bytes.span, envelope)
    }

    func mustBeAlone(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        let tools = configuration.interactiveTools
        guard hasLane, envelope.knownMethod == .toolsCall,
            let name = String(token: envelope.params.name.range, of: line)
        else { return false }
        return tools.contains(name) || tools.contains("*")
    }

    /// Requests in which a server asks its caller (SEP-2260).
    static func mayAsk(_ method: Method?) -> Bool {
        switch method {
        case .toolsCall, .promptsGet, .resourcesRead: true
        default: false
        }
    }

    /// The lane may be free: whoever waits for it goes, those first who came first.
    mutating func drainAll(_ actions: inout Actions) {
        if !waitingForRoom.isEmpty { giveRoom(&actions) }
        guard hasLane else { return }
        drainLocally(&actions)
        let waiting = sessions.keys.compactMap { session in
            (sessions[session]?.queue.first?.ticket).map { (ticket: $0, session: session) }
        }
        for entry in waiting.sorted(by: { $0 < $1 }) { drain(entry.session, &actions) }
    }
}
