// SPDX-License-Identifier: Apache-2.0

/// Bytes on their way into one stream: whole messages go in, what fits goes out.
///
/// The one writer of its descriptor, so that no two messages can run into each other.
public struct Outbox: ~Copyable {
    public enum State: Sendable, Equatable {
        /// Everything is written.
        case empty
        /// The reader is slow; write again when the descriptor is writable.
        case waiting
        /// Nobody will read it. The bytes are dropped.
        case closed
    }

    private let stream: ByteStream
    private var bytes: [UInt8] = []
    private var head = 0

    public init(_ stream: consuming ByteStream) {
        self.stream = stream
    }

    /// The descriptor's number, to be watched.
    public var raw: Int32 { stream.raw }
    /// How many bytes wait.
    public var count: Int { bytes.count - head }

    /// Adds bytes at the end. Nothing is written yet.
    public mutating func append(_ message: ArraySlice<UInt8>) { bytes.append(contentsOf: message) }

    /// Writes as much as the reader takes now.
    public mutating func flush() -> State {
        while head < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe stream.write(UnsafeRawBufferPointer(rebasing: buffer[head...]))
            }
            switch result {
            case .written(let count): head += count
            case .wouldBlock:
                compact()
                return .waiting
            case .closed, .failed:
                bytes = []
                head = 0
                return .closed
            }
        }
        head = 0
        if bytes.capacity > Outbox.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        return .empty
    }

    /// A thousand idle sessions keep little; a large message gives its memory back.
    private static let keptCapacity = 16 * 1024

    private mutating func compact() {
        guard head > bytes.count / 2, head > Outbox.keptCapacity else { return }
        bytes.removeFirst(head)
        head = 0
    }
}
