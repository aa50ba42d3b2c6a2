// SPDX-License-Identifier: Apache-2.0

/// Where things lie in a ``Ledger``'s file. All numbers are of 64 bits, so that each is stored as one piece.
enum LedgerLayout {
    /// "mcpledg" and the version of this layout.
    static let magic: UInt64 = 0x0002_6764_656C_7063

    /// The stream being read, plus 1; 0: none. With ``isKept`` when what was read is kept, and `keptNext` counts.
    static let reader = 8
    static let isKept: UInt64 = 1 << 32
    /// How much of what was read is dealt with, in bytes.
    static let handled = 16
    /// Later books have a higher number.
    static let order = 24
    /// How much was read, in bytes; 0 until that is known.
    static let count = 32

    /// A session's or a backend's pair of streams.
    enum Stream {
        static let start = 4096
        static let size = 96
        /// As many as the control socket may have connections.
        static let count = 4096
        /// Members: 0: free, or not begun.
        static let kind = 0
        static let identity = 8
        /// The first member behind the identity.
        static let first = 32
        /// Of a backend: the last id that we gave to a request.
        static let lastID = 40
        /// Bytes of an unfinished line in the stream's own file; with ``isSkipped`` when that line is too long, and only
        /// its beginning is there, or nothing.
        static let kept = 48
        static let isSkipped: UInt64 = 1 << 62
        static let keptNext = 56
        /// What was written, in bytes, doubled; odd inside a line. Then the part of the stream that lies in a file of its
        /// own, from here to there (``WriteRecord``).
        static let output = 64
        static let unsentStart = 72
        static let unsentEnd = 80
        /// Of a session: the process of its shim (``ShimProcess``).
        static let shim = 88

        static func place(_ index: Int) -> Int { start + index * size }
    }

    /// A request that an answer is owed for.
    enum Request {
        static let start = Stream.start + Stream.count * Stream.size
        static let size = 128
        static let count = 4096
        /// Members: the state, the token's length and the stream in one number; 0: free.
        static let header = 0
        /// Where in the stream its answer ends; while it is open, its id at the backend and, above ``backendShift``, the
        /// backend's stream plus 1 (0: it is at none).
        static let end = 8
        static let backendShift: UInt64 = 48
        static let token = 16
        /// Longer ids, which no client uses, are not noted.
        static let tokenCapacity = size - token

        static func place(_ index: Int) -> Int { start + index * size }

        enum State: UInt64 {
            case open = 1
            case answered
        }

        static func pack(_ state: State, length: Int, stream: Int) -> UInt64 {
            state.rawValue | UInt64(length) << 8 | UInt64(stream) << 16
        }

        /// Nil for what was never packed.
        static func unpack(_ header: UInt64) -> (state: State, length: Int, stream: Int)? {
            let length = Int(header >> 8 & 0xFF)
            let stream = Int(truncatingIfNeeded: header >> 16)
            guard let state = State(rawValue: header & 0xFF), length <= tokenCapacity,
                (0..<Stream.count).contains(stream)
            else { return nil }
            return (state, length, stream)
        }
    }

    /// The file with a stream's unfinished line.
    static func keptPath(_ ledger: String, _ stream: Int) -> String { "\(ledger).\(stream)" }
    /// The file with what a stream was to be sent.
    static func unsentPath(_ ledger: String, _ stream: Int) -> String { "\(ledger).\(stream).unsent" }

    /// The file with a session's first line, while that is not answered.
    static func openingPath(_ ledger: String, _ stream: Int) -> String { "\(ledger).\(stream).opening" }

    /// The file with what a session said that waits for its repository.
    static func lobbyPath(_ ledger: String, _ stream: Int) -> String { "\(ledger).\(stream).lobby" }

    /// What all streams are read into.
    static let buffer = Request.start + Request.count * Request.size
    static let bufferSize = 64 * 1024
    static let size = buffer + bufferSize
}
