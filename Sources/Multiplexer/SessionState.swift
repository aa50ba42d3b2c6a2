// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the machine knows of one session.
struct SessionState: Sendable, Codable {
    enum Phase: Sendable, Equatable, Codable {
        /// Nothing but `ping` and `initialize` is served.
        case opened
        /// `initialize` waits for the backend's handshake.
        case awaitingHandshake
        case initialized
    }

    /// Where a request with this id is. An id is in the table from its arrival to its one answer.
    enum Place: Sendable, Equatable, Codable {
        case queued
        case sent(UInt64)
        case handshake
        case list(ListKey)
        case subscription(ExactText)
        /// `server/discover` waits for the backend.
        case discover
        case listen(UInt64)
        /// The client is asked something before the request is sent again.
        case round(UInt64)

        /// Whether the request stays open until somebody ends it.
        var isListen: Bool {
            if case .listen = self { true } else { false }
        }
    }

    var phase = Phase.opened
    var protocolVersion = ""
    var clientInfo: JSONObject?
    /// As declared in `initialize`, raw; empty: none were.
    var clientCapabilities: [UInt8] = []
    /// For a client of the stateless era: the most talkative that it asked for so far.
    var level: LogSeverity?
    /// The levels that its open requests asked for, in that era.
    var requestLevels: [RawToken: LogSeverity] = [:]
    var subscriptions: Set<ExactText> = []
    /// Of mode `url`, asked of this session and not completed: the ids that the server gave them, the oldest first.
    var elicitations: [String] = []
    var requests: [RawToken: Place] = [:]
    /// The last id given when the backend answered it something: its lists may be other ones since.
    var lastAnswerAt: UInt64 = 0
    /// Requests at the backend; more than the configured number wait in `queue`.
    var inFlight = 0
    var queue = LineQueue()
    var batches: [UInt32: Batch] = [:]
    var lastBatch: UInt32 = 0
    var inputHasEnded = false
    /// It moves to another backend.
    var departure: Departure?
    var refusedLines = 0
    var refusedBytes = 0

    /// Whether an answer is still owed.
    var isWaiting: Bool {
        !queue.isEmpty || requests.values.contains { !$0.isListen } || departure?.held.isEmpty == false
    }
}

/// The answers of a batch (JSON-RPC arrays exist in revision 2025-03-26 only), sent as one array when all are there.
struct Batch: Sendable, Codable {
    var outstanding = 0
    var replies: [UInt8] = []
    /// Whose answers they are.
    var answered: [RawToken] = []
}

/// Lines that wait for the backend, first in, first out.
struct LineQueue: Sendable, Codable {
    struct Line: Sendable, Codable {
        let bytes: [UInt8]
        /// Of a request; nil for a notification.
        let target: ReplyTarget?
        /// Whether a process died with it already.
        var isRepeated = false
        /// What it answers questions of the backend to, where it does.
        var leg: Leg?
        /// When it came, counted over all sessions, and whether it must be alone; both for the lane only.
        var ticket: UInt64 = 0
        var isAlone = false
    }

    private var lines: [Line] = []
    private var head = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { head == lines.count }
    var count: Int { lines.count - head }
    /// With those whose lines have left.
    var slotCount: Int { lines.count }

    mutating func append(_ line: Line) {
        lines.append(line)
        byteCount += line.bytes.count
    }

    var first: Line? { head < lines.count ? lines[head] : nil }

    /// In front of what waits.
    mutating func prepend(_ line: Line) {
        lines.insert(line, at: head)
        byteCount += line.bytes.count
    }

    mutating func popFirst() -> Line? {
        guard head < lines.count else { return nil }
        let line = lines[head]
        lines[head] = Line(bytes: [], target: nil)
        head += 1
        byteCount -= line.bytes.count
        if head == lines.count {
            lines = []
            head = 0
        } else if head >= 64, head * 2 >= lines.count {
            // A queue that is never empty must not keep what has left it.
            lines.removeFirst(head)
            head = 0
        }
        return line
    }

    /// Takes out the request with this id.
    mutating func remove(id: RawToken) -> Line? {
        guard let index = lines[head...].firstIndex(where: { $0.target?.id == id }) else { return nil }
        byteCount -= lines[index].bytes.count
        return lines.remove(at: index)
    }

    /// Takes out everything.
    mutating func removeAll() -> [Line] {
        let rest = Array(lines[head...])
        self = LineQueue()
        return rest
    }
}
