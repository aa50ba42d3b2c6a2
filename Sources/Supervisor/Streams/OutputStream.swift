// SPDX-License-Identifier: Apache-2.0

import Posix

/// The one writer of a pipe or socket: takes whole messages at any time, writes them at the end of the turn.
final class OutputStream: StreamHandler, Flushable {
    private var outbox: Outbox
    private let loop: StreamLoop
    private var token: StreamToken?
    private var isQueued = false
    private var isClosed = false
    private var isBlocked = false
    /// Called once when nobody will read any more.
    private let onClosed: () -> Void
    /// Called whenever everything is written.
    var onDrained: (() -> Void)?
    /// Called after bytes were written, with their number since the beginning.
    var onWritten: ((UInt64) -> Void)?

    /// - Parameter record: where it is noted how far the stream is, for a successor.
    init(
        _ stream: consuming ByteStream, loop: StreamLoop, record: WriteRecord? = nil,
        onClosed: @escaping () -> Void
    ) throws(PosixError) {
        outbox = Outbox(stream)
        outbox.record = record
        self.loop = loop
        self.onClosed = onClosed
        // Watched for nothing but what epoll reports unasked: the reader's end.
        token = try loop.add(outbox.raw, [], self)
    }

    deinit { close() }

    /// Bytes that the reader has not taken yet.
    var waiting: Int { outbox.count }
    /// What the reader has not taken yet.
    var rest: ArraySlice<UInt8> { outbox.rest }
    /// Bytes that the reader has taken.
    var written: UInt64 { outbox.written }
    /// Where the next byte that is sent will be in the stream.
    var position: UInt64 { outbox.written + UInt64(outbox.count) }

    func send(_ bytes: ArraySlice<UInt8>) {
        guard !isClosed, !bytes.isEmpty else { return }
        outbox.append(bytes)
        flushLater()
    }

    /// Sends first what a predecessor was to send.
    func send(inherited bytes: ArraySlice<UInt8>) {
        guard !isClosed, !bytes.isEmpty else { return }
        outbox.append(inherited: bytes)
        flushLater()
    }

    private func flushLater() {
        guard !isQueued else { return }
        isQueued = true
        loop.flushLater(self)
    }

    func ready(_ readiness: Readiness) {
        if outbox.count > 0, readiness.contains(.writable) { return flush() }
        if !readiness.isDisjoint(with: [.failed, .hangup]) { readerGone() }
    }

    func flush() {
        isQueued = false
        guard !isClosed, let token else { return }
        let state = outbox.flush()
        onWritten?(outbox.written)
        switch state {
        case .empty:
            if isBlocked { loop.modify(token, []) }
            isBlocked = false
            onDrained?()
        case .waiting:
            if !isBlocked { loop.modify(token, .writable) }
            isBlocked = true
        case .closed: readerGone()
        }
    }

    /// Writes in the middle of a turn what would be written at its end. If the reader is gone, that is told then.
    func hurry() {
        guard !isClosed, outbox.flush() != .closed else { return }
        onWritten?(outbox.written)
    }

    private func readerGone() {
        guard !isClosed else { return }
        close()
        onClosed()
    }

    /// Stops watching; the descriptor closes when this object goes.
    func close() {
        isClosed = true
        if let token { loop.remove(token) }
        token = nil
    }
}
