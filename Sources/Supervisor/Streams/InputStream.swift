// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix

/// What becomes of the lines of an ``InputStream``.
protocol LineReceiver: AnyObject {
    /// One line, without its end. Lent for the call only.
    func receive(_ line: Span<UInt8>)
    /// A line over the limit: its beginning, to find the id in, and its length in bytes.
    func receiveOversize(beginning: Span<UInt8>, length: Int)
    /// Nothing more will come.
    func inputEnded()
}

/// Reads a pipe or socket line by line.
///
/// Lines that lie whole in one read, nearly all of them, are handed on from the loop's buffer without a copy.
final class InputStream: StreamHandler {
    private let stream: ByteStream
    private let loop: StreamLoop
    private unowned let receiver: any LineReceiver
    private var splitter: LineSplitter
    private var token: StreamToken?
    private var isPaused = false
    private var isOpen = true

    /// - Parameter limit: bytes that a line may have.
    init(
        _ stream: consuming ByteStream, limit: Int, loop: StreamLoop, receiver: any LineReceiver
    ) throws(PosixError) {
        self.stream = stream
        self.loop = loop
        self.receiver = receiver
        splitter = LineSplitter(limit: limit)
        token = try loop.add(self.stream.raw, .readable, self)
    }

    deinit { close() }

    func ready(_ readiness: Readiness) {
        switch loop.buffer.read(stream) {
        case .bytes(let count): take(count)
        case .wouldBlock: break
        case .end: end()
        }
    }

    private func take(_ count: Int) {
        loop.buffer.withBytes(count) { chunk in
            var offset = 0
            while isOpen, let line = splitter.next(in: chunk, from: &offset) {
                switch line {
                case .inChunk(let range): receiver.receive(chunk.extracting(range))
                case .buffered: receiver.receive(splitter.partial.span)
                case .oversize(let length): receiver.receiveOversize(beginning: splitter.partial.span, length: length)
                }
            }
        }
    }

    /// Takes what is still in the pipe after its writer has gone.
    func drain() {
        while isOpen, case .bytes(let count) = loop.buffer.read(stream) { take(count) }
    }

    private func end() {
        close()
        receiver.inputEnded()
    }

    /// Leaves bytes in the pipe until ``resume()``: whoever they are for is behind.
    func pause() {
        guard isOpen, !isPaused else { return }
        isPaused = true
        // Watched for nothing it would still report the writer's end, again and again (epoll_ctl(2), EPOLLHUP).
        unwatch()
    }

    func resume() {
        guard isOpen, isPaused else { return }
        isPaused = false
        do {
            token = try loop.add(stream.raw, .readable, self)
        } catch {
            // The kernel has no room for one more; the writer is told by the end of the stream.
            end()
        }
    }

    func close() {
        isOpen = false
        unwatch()
    }

    private func unwatch() {
        if let token { loop.remove(token) }
        token = nil
    }
}
