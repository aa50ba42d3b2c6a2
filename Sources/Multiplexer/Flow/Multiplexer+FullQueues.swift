// SPDX-License-Identifier: Apache-2.0

/// What one session may have waiting. The shell does not read from a session whose queue is long; but one that is asked
/// something must be heard, or its answer would wait behind what the question holds up.
extension Multiplexer {
    /// What a request that waits costs besides its line, in bytes.
    private static let costOfWaiting = 256

    /// Bytes that wait for a session; the shell stops reading from one where they are many.
    public func queuedBytes(of session: SessionID) -> Int {
        guard let state = sessions[session] else { return 0 }
        return bytes(of: state) + max(0, state.requests.count - state.inFlight) * Self.costOfWaiting
    }

    /// Whether nothing more may wait.
    func isQueueFull(_ session: SessionID) -> Bool {
        sessions[session].map { bytes(of: $0) > configuration.maximumQueue } ?? false
    }

    private func bytes(of state: SessionState) -> Int { state.queue.byteCount + (state.departure?.heldBytes ?? 0) }

    var queueIsFull: ErrorReply {
        let text =
            "more than \(configuration.maximumQueue >> 20) MB of this session's messages wait for "
            + "\(configuration.server)"
        return .failure(text, reason: "queue_full")
    }

    func mayListen(_ session: SessionID) -> Bool {
        let listening = sessions[session]?.requests.values.count { $0.isListen } ?? 0
        return listening < configuration.maximumListens
    }
}
