// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// What clients are owed, told request by request: the shell keeps books that survive its own sudden end, so that a
/// successor can answer what was lost.
extension Actions {
    /// A request that came: from now on an answer is owed.
    public struct Opened: Sendable {
        public let session: SessionID
        /// As the client wrote it. Two open requests may have the same id: the second one is refused.
        public let id: RawToken
        /// The id that we gave it at the backend; 0 when it was not sent at once.
        public internal(set) var request: UInt64 = 0
    }

    /// A request that went to the backend after it had waited.
    public struct Sent: Sendable {
        public let session: SessionID
        public let id: RawToken
        public let request: UInt64
    }

    /// A local request that went to a private backend (``Action/reply`` ends it). Of one that is shared
    /// ``Multiplexer/unclaimed`` says it.
    public struct Asked: Sendable, Equatable {
        public let token: UInt64
        public let request: UInt64
    }

    /// A request that is over.
    public struct Settled: Sendable {
        public let session: SessionID
        public let id: RawToken
        /// The place in `list` of the line that answers it; nil when it was taken back and gets none.
        public let line: Int?
    }

    mutating func noteOpened(_ target: ReplyTarget) {
        opened.append(Opened(session: target.session, id: target.id))
    }

    /// Where it can be taken back when whoever waits for its answer is told that there will be none.
    mutating func noteSent(_ target: ReplyTarget, _ request: UInt64) {
        guard let last = opened.indices.last, opened[last].id == target.id, opened[last].session == target.session
        else { return sent.append(Sent(session: target.session, id: target.id, request: request)) }
        opened[last].request = request
    }

    /// To be called before the line is put into the list, or instead of it.
    mutating func noteSettled(_ session: SessionID, _ id: RawToken, isAnswered: Bool) {
        settled.append(Settled(session: session, id: id, line: isAnswered ? list.count : nil))
    }
}
