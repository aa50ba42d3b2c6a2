// SPDX-License-Identifier: Apache-2.0

/// How well a client keeps up with what it is sent.
public enum ReaderPace: Sendable, Codable {
    case keepsUp
    /// Much waits: what has a newer substitute need not be sent.
    case isBehind
    /// So much waits that it is given time to read, and nothing more to do.
    case isFull
}

/// Watches the bytes that wait for one client (protocol.md §2.7 n).
public struct ReaderWatch: Sendable, Equatable {
    /// Bytes that may wait.
    private let limit: Int
    public private(set) var pace = ReaderPace.keepsUp
    /// What it had taken when its patience was measured last.
    private var takenBefore: UInt64 = 0

    public init(limit: Int) { self.limit = limit }

    /// Something was sent.
    ///
    /// - Parameter waiting: bytes that the client has not taken.
    /// - Returns: its pace, if that is another now.
    public mutating func sent(waiting: Int, taken: UInt64) -> ReaderPace? {
        guard waiting > limit / 2, pace != .isFull else { return nil }
        return change(to: waiting > limit ? .isFull : .isBehind, taken)
    }

    /// The client has read something. It is behind until it has read half of what made it so.
    public mutating func read(waiting: Int, taken: UInt64) -> ReaderPace? {
        switch pace {
        case .keepsUp: return nil
        case .isBehind: return waiting <= limit / 4 ? change(to: .keepsUp, taken) : nil
        case .isFull:
            guard waiting <= limit else { return nil }
            return change(to: waiting <= limit / 4 ? .keepsUp : .isBehind, taken)
        }
    }

    /// The time that a full client is given has passed.
    ///
    /// - Returns: whether it has read nothing at all meanwhile. One that reads slowly is given the time again.
    public mutating func isDeaf(taken: UInt64) -> Bool {
        defer { takenBefore = taken }
        return pace == .isFull && taken == takenBefore
    }

    private mutating func change(to new: ReaderPace, _ taken: UInt64) -> ReaderPace? {
        guard new != pace else { return nil }
        pace = new
        if new == .isFull { takenBefore = taken }
        return new
    }
}
