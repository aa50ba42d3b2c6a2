// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Calls of `interactive_tools` have the backend to themselves while they run, so that what the backend asks meanwhile
/// belongs to them. The price is that other calls wait, so only for listed tools.
extension Multiplexer {
    /// Whether a request may leave now, as far as calls that must be alone are concerned.
    func mayLeave(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        guard !configuration.interactiveTools.isEmpty, Self.mayAsk(envelope.knownMethod) else { return true }
        guard pending.runningAlone == nil else { return false }
        return !mustBeAlone(line, envelope) || pending.runningCalls == 0
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

    /// The lane may be free: whoever waits for it goes, the session that waited longest first.
    mutating func drainAll(_ actions: inout Actions) {
        guard !configuration.interactiveTools.isEmpty else { return }
        let waiting = sessions.keys.filter { sessions[$0]?.queue.isEmpty == false }
        let next = waiting.drop { $0 <= lastServed } + waiting.prefix { $0 <= lastServed }
        for session in next { drain(session, &actions) }
    }
}
