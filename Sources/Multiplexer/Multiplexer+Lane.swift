// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Calls of `interactive_tools` have the backend to themselves while they run, so that what the backend asks meanwhile
/// belongs to them. The price is that other calls wait, so only for listed tools.
extension Multiplexer {
    /// Whether a request may leave now, as far as calls that must be alone are concerned. One that waits to be alone
    /// is overtaken by nobody who came later: the calls before it end some time, and so it gets its turn.
    ///
    /// - Parameter ticket: when the request came; of one that comes now it is the last.
    func mayLeave(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ ticket: UInt64 = .max) -> Bool {
        guard !configuration.interactiveTools.isEmpty, Self.mayAsk(envelope.knownMethod) else { return true }
        guard pending.runningAlone == nil, !isBehindOneAlone(ticket) else { return false }
        return !mustBeAlone(line, envelope) || pending.runningCalls == 0
    }

    private func isBehindOneAlone(_ ticket: UInt64) -> Bool {
        sessions.values.contains { state in
            guard let first = state.queue.first else { return false }
            return first.isAlone && first.ticket < ticket
        }
    }

    /// For a request that has to wait.
    mutating func takeTicket(_ line: inout LineQueue.Line) {
        guard !configuration.interactiveTools.isEmpty else { return }
        lastTicket += 1
        line.ticket = lastTicket
        guard let envelope = try? Envelope(scanning: line.bytes.span) else { return }
        line.isAlone = mustBeAlone(line.bytes.span, envelope)
    }

    func mustBeAlone(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        guard !configuration.interactiveTools.isEmpty, envelope.knownMethod == .toolsCall,
            let name = String(token: envelope.params.name.range, of: line)
        else { return false }
        return configuration.interactiveTools.contains(name)
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
        guard !configuration.interactiveTools.isEmpty else { return }
        let waiting = sessions.keys.compactMap { session in
            (sessions[session]?.queue.first?.ticket).map { (ticket: $0, session: session) }
        }
        for entry in waiting.sorted(by: { $0 < $1 }) { drain(entry.session, &actions) }
    }
}
