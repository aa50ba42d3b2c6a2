// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `server/discover`, answered here and at once: a client that waits for a slow start gives up, and takes the silence
/// for a verdict about the server (protocol.md §1.4). It binds nobody: a later `initialize` is as good.
extension Multiplexer {
    mutating func handleDiscover(_ target: ReplyTarget, _ actions: inout Actions) {
        guard handshake == nil else { return answerDiscover(target, &actions) }
        sessions[target.session]?.requests[target.id] = .discover
        waitingDiscovers.append(target)
        requireBackend(&actions)
    }

    private mutating func answerDiscover(_ target: ReplyTarget, _ actions: inout Actions) {
        guard let handshake else { return }
        answer(target, result: handshake.discoverResult, &actions)
    }

    /// The backend has told what it is.
    mutating func answerWaitingDiscovers(_ actions: inout Actions) {
        for target in takeWaitingDiscovers() {
            release(target)
            answerDiscover(target, &actions)
        }
    }

    mutating func failWaitingDiscovers(_ error: ErrorReply, _ actions: inout Actions) {
        for target in takeWaitingDiscovers() {
            release(target)
            answer(target, error, &actions)
        }
    }

    private mutating func takeWaitingDiscovers() -> [ReplyTarget] {
        defer { waitingDiscovers = [] }
        return waitingDiscovers
    }
}
