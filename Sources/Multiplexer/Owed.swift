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

    /// To be called before the line is put into the list, or instead of it.
    mutating func noteSettled(_ session: SessionID, _ id: RawToken, isAnswered: Bool) {
        settled.append(Settled(session: session, id: id, line: isAnswered ? list.count : nil))
    }
}
