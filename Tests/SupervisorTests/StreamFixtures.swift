// SPDX-License-Identifier: Apache-2.0

import Foundation
import Posix

@testable import Supervisor

/// A pipe on a loop, with a hand on the other end.
final class PipeEnds {
    private var reading: Int32
    private var writing: Int32

    init() throws {
        let pipe = try makePipe()
        reading = try pipe.reading.duplicate().release()
        writing = try pipe.writing.duplicate().release()
    }

    deinit {
        if reading >= 0 { close(reading) }
        if writing >= 0 { close(writing) }
    }

    var readingNumber: Int32 { reading }

    /// The reading end, for a stream to own.
    func takeReading() -> ByteStream {
        defer { reading = -1 }
        return ByteStream(own: Descriptor(owning: reading))
    }

    /// The writing end, for a stream to own.
    func takeWriting() -> ByteStream {
        defer { writing = -1 }
        return ByteStream(own: Descriptor(owning: writing))
    }

    func closeWriting() {
        close(writing)
        writing = -1
    }

    func closeReading() {
        close(reading)
        reading = -1
    }

    func put(_ text: String) {
        let bytes = Array(text.utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe write(writing, $0.baseAddress, $0.count) }
        precondition(count == bytes.count)
    }

    /// What is there, up to `count` bytes.
    func take(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, unsafe read(reading, buffer.baseAddress, count))
        }
    }
}

/// Notes what a loop tells it.
final class Recorder: StreamHandler, LineReceiver, Flushable {
    private(set) var seen: [String] = []
    var onReady: () -> Void = {}
    var onLine: (String) -> Void = { _ in }

    func ready(_ readiness: Readiness) {
        seen.append("ready")
        onReady()
    }

    func receive(_ line: Span<UInt8>) {
        let text = String(decoding: line.indices.map { line[$0] }, as: UTF8.self)
        seen.append(text)
        onLine(text)
    }

    func receiveOversize(beginning: Span<UInt8>, length: Int) { seen.append("oversize \(length) \(beginning.count)") }

    func inputEnded() { seen.append("end") }

    func flush() { seen.append("flush") }
}

extension StreamLoop {
    /// A turn with time for eight looks.
    func turn() {
        var time: UInt64 = 0
        turn {
            time += StreamLoop.span / 8
            return time
        }
    }
}
