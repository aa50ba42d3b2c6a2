// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// A private backend that outlived a supervisor which could hand nothing over. Its client comes back with what its shim
/// kept (`open`); the process itself has seen everything that the client said.
extension Multiplexer {
    /// - Parameters:
    ///   - lastID: the number of the last request of our own that it was sent.
    ///   - open: ids of the client's requests that it works on, and that the client is told are lost.
    ///   - asked: numbers of the local requests that it works on (``Actions/asked``): nobody waits for them any more.
    public mutating func privateBackendAdopted(
        generation: Int, era: BackendEra, lastID: UInt64, open: [RawToken], asked: [UInt64] = [],
        into actions: inout Actions
    ) {
        backend = BackendState()
        backend.generation = generation
        backend.phase = .ready
        backend.hasSpoken = true
        self.era = era
        relay?.hasSpoken = true
        relay?.lastQuestion = Int(clamping: lastID)
        relay?.lost = Set(open)
        for id in open + asked.map({ RawToken("\"\(Relay.idPrefix)\($0)\"") }) {
            let start = actions.bytes.count
            actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":")
            id.write(to: &actions.bytes)
            actions.write(",\"reason\":\"the answer is lost\"}}")
            actions.sendToBackend(nil, from: start)
        }
    }

    /// Whether an answer is nobody's: its request was answered as lost, or was asked by a supervisor that is gone.
    mutating func isNobodys(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        guard envelope.kind == .response, let known = relay else { return false }
        if !known.lost.isEmpty, relay?.lost.remove(RawToken(line, envelope.id)) != nil { return true }
        guard let id = String(token: envelope.id, of: line), id.hasPrefix(Relay.idPrefix),
            let number = Int(id.dropFirst(Relay.idPrefix.count))
        else { return false }
        return number <= known.lastQuestion && known.questions[id] == nil
    }
}
