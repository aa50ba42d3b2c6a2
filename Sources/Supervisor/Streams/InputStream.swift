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
    private let record: ReadRecord?

    /// - Parameters:
    ///   - splitter: with the limit of a line, and with the beginning of one if that was read already.
    ///   - record: where it is noted what is being read, for a successor.
    init(
        _ stream: consuming ByteStream, splitter: LineSplitter, loop: StreamLoop, receiver: any LineReceiver,
        record: ReadRecord? = nil
    ) throws(PosixError) {
        self.stream = stream
        self.loop = loop
        self.receiver = receiver
        self.splitter = splitter
        self.record = record
        token = try loop.add(self.stream.raw, .readable, self)
        // Until more comes nothing else would say that it was read.
        if let record, splitter.isMidLine { noteRest(record) }
    }

    deinit { close() }

    convenience init(
        _ stream: consuming ByteStream, limit: Int, loop: StreamLoop, receiver: any LineReceiver
    ) throws(PosixError) {
        try self.init(stream, splitter: LineSplitter(limit: limit), loop: loop, receiver: receiver)
    }

    /// The beginning of a line whose end has not come.
    var state: LineSplitter { splitter }

    func ready(_ readiness: Readiness) {
        switch read() {
        case .bytes(let count): take(count)
        case .wouldBlock: break
        case .end: end()
        }
    }

    private func read() -> ReadResult {
        loop.buffer.clean()
        record?.begin()
        let result = loop.buffer.read(stream)
        if case .bytes(let count) = result { record?.read(count) } else { record?.cameToNothing() }
        return result
    }

    private func take(_ count: Int) {
        loop.buffer.withBytes(count) { chunk in
            var offset = 0
            handle(chunk, &offset)
        }
        if let record { noteRest(record) }
    }

    private func handle(_ chunk: Span<UInt8>, _ offset: inout Int) {
        while isOpen, let line = splitter.next(in: chunk, from: &offset) {
            switch line {
            case .inChunk(let range): receiver.receive(chunk.extracting(range))
            case .buffered: receiver.receive(splitter.partial.span)
            case .oversize(let length): receiver.receiveOversize(beginning: splitter.partial.span, length: length)
            }
            record?.handled(offset)
        }
    }

    private func noteRest(_ record: ReadRecord) {
        if splitter.isMidLine {
            record.end(unfinished: splitter.partial, skipping: splitter.isSkipping)
        } else {
            record.end(unfinished: [], skipping: false)
        }
    }

    /// Takes bytes that somebody else had read.
    func take(_ bytes: [UInt8]) {
        var offset = 0
        handle(bytes.span, &offset)
        if let record { noteRest(record) }
    }

    /// Takes what is still in the pipe after its writer has gone. What that one left behind may write on and on: no more
    /// than a pipe holds is taken (pipe(7), pipe-max-size).
    func drain() {
        var left = 1 << 20
        while isOpen, left > 0, case .bytes(let count) = read() {
            take(count)
            left -= count
        }
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
