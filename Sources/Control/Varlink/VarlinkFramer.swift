// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream into messages at NUL. A value that is told bytes and never reads; idle it holds no memory.
public struct VarlinkFramer: Sendable {
    /// What a message may have at most: an environment is the largest thing in one.
    public static let standardLimit = 1 << 20

    private let limit: Int
    private var pending: [UInt8] = []
    /// Where the current message begins in `pending`.
    private var start = 0
    /// Up to here there is no NUL in the current message.
    private var scanned = 0

    /// - Parameter limit: the bytes a message may have, without its NUL.
    public init(limit: Int = VarlinkFramer.standardLimit) {
        self.limit = limit
    }

    /// Takes bytes as they came.
    public mutating func append(_ bytes: [UInt8]) {
        pending += bytes
    }

    /// Takes bytes as they came.
    public mutating func append(_ bytes: Span<UInt8>) {
        pending.reserveCapacity(pending.count + bytes.count)
        for index in bytes.indices {
            pending.append(bytes[index])
        }
    }

    /// The next whole message, without its NUL; `nil` when it is not complete yet.
    ///
    /// - Throws: ``VarlinkError`` when the message is over the limit: the connection is to be closed.
    public mutating func next() throws(VarlinkError) -> [UInt8]? {
        guard let end = pending[scanned...].firstIndex(of: 0) else {
            scanned = pending.count
            try check(pending.count - start)
            dropConsumed()
            return nil
        }
        try check(end - start)
        let message = Array(pending[start..<end])
        start = end + 1
        scanned = start
        return message
    }

    /// Whether a message has begun: a peer that leaves now left in the middle.
    public var isMidMessage: Bool { start < pending.count }

    private func check(_ length: Int) throws(VarlinkError) {
        guard length <= limit else {
            throw VarlinkError("a message has more than the \(limit) bytes that are allowed")
        }
    }

    private mutating func dropConsumed() {
        if start == pending.count {
            pending = []
        } else if start > 0 {
            pending.removeFirst(start)
        }
        scanned = pending.count
        start = 0
    }
}
