// SPDX-License-Identifier: Apache-2.0

import CPosix

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
    /// Bytes that were written since the beginning.
    public private(set) var written: UInt64 = 0
    /// Where it is noted how far we are, before each write: if we are killed in the middle of one, it will have been done.
    /// So no more is written at once than is taken whole.
    public var record: WriteRecord?

    public init(_ stream: consuming ByteStream) {
        self.stream = stream
    }

    /// The descriptor's number, to be watched.
    public var raw: Int32 { stream.raw }
    /// How many bytes wait.
    public var count: Int { bytes.count - head }
    /// What waits.
    public var rest: ArraySlice<UInt8> { bytes[head...] }

    /// Adds bytes at the end. Nothing is written yet.
    public mutating func append(_ message: ArraySlice<UInt8>) { bytes.append(contentsOf: message) }

    /// Adds what somebody before us had to write and did not. It may begin inside a line, and nobody else has it: it is
    /// kept whole before anything of it is written, until all of it is. To be added first.
    public mutating func append(inherited bytes: ArraySlice<UInt8>) {
        append(bytes)
        guard let record, !bytes.isEmpty else { return }
        record.keep(bytes, at: written)
        lineEnd = written + UInt64(bytes.count)
        isMidLine = true
        record.note(written, isMidLine: true)
    }

    /// Writes as much as the reader takes now.
    public mutating func flush() -> State {
        while head < bytes.count {
            let portion = nextPortion()
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe stream.write(UnsafeRawBufferPointer(rebasing: buffer[head..<head + portion]))
            }
            switch result {
            case .written(let count): advance(count, of: portion)
            case .wouldBlock:
                advance(0, of: portion)
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

    /// How many bytes are written at once, noted already as if they were. A line that does not fit is kept for a
    /// successor before its first byte is written.
    private mutating func nextPortion() -> Int {
        guard let record else { return count }
        var portion = stream.takenWhole(of: count)
        // Up to the end of what is kept: its only copy must not make room for another line before it is written.
        if isMidLine || written < lineEnd { portion = min(portion, Int(endOfLine() - written)) }
        let endsInside = bytes[head + portion - 1] != 0x0A
        if endsInside, written + UInt64(portion) > lineEnd { keepLine(from: lineStart(head + portion), record) }
        record.note(written + UInt64(portion), isMidLine: endsInside)
        return portion
    }

    /// Where the line that lies around a byte begins; the head, when that is inside it.
    private func lineStart(_ index: Int) -> Int {
        bytes[head..<index].lastIndex(of: 0x0A).map { $0 + 1 } ?? head
    }

    private mutating func keepLine(from start: Int, _ record: WriteRecord) {
        let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
        let position = written + UInt64(start - head)
        record.keep(bytes[start..<end], at: position)
        lineEnd = position + UInt64(end - start)
    }

    /// Of the line that we stand in.
    private mutating func endOfLine() -> UInt64 {
        if lineEnd <= written, let record { keepLine(from: head, record) }
        return lineEnd
    }

    private mutating func advance(_ count: Int, of portion: Int) {
        head += count
        written += UInt64(count)
        if count > 0 { isMidLine = bytes[head - 1] != 0x0A }
        guard count < portion, let record else { return }
        if isMidLine { _ = endOfLine() }
        record.note(written, isMidLine: isMidLine)
    }

    /// Where the line ends that was kept last.
    private var lineEnd: UInt64 = 0
    /// Whether what was written last ends inside a line.
    private var isMidLine = false
    /// A thousand idle sessions keep little; a large message gives its memory back.
    private static let keptCapacity = 16 * 1024

    private mutating func compact() {
        guard head > bytes.count / 2, head > Outbox.keptCapacity else { return }
        bytes.removeFirst(head)
        head = 0
    }
}
