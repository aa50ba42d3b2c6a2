// SPDX-License-Identifier: Apache-2.0

import Posix

/// Notes what a stream reads while it reads, so that a successor can go on at the very byte.
///
/// What has left the pipe lies in the mapped buffer until it is dealt with. The beginning of a line whose end has not
/// come is written to a file of the stream's own; that happens only to lines that come in parts.
final class ReadRecord {
    private let ledger: SharedMemory
    private let stream: Int
    private let place: Int
    private let path: String
    private var file: Int32?
    private var kept = 0
    private var isSkipping = false
    /// Whether a line has ended since ``begin()``: what is unfinished now is another one.
    private var sawLine = false

    /// A longer rest gives its room back at once.
    private static let idleSize = 1 << 20

    init(_ ledger: SharedMemory, stream: Int, path: String) {
        self.ledger = ledger
        self.stream = stream
        self.path = path
        place = LedgerLayout.Stream.place(stream)
    }

    deinit { if let file { _ = Descriptor(owning: file) } }

    /// The stream is over.
    func close() { if file != nil { Files.remove(path) } }

    /// Bytes leave the pipe now, into the buffer, which is clean.
    func begin() {
        sawLine = false
        ledger.store(0, at: LedgerLayout.handled)
        ledger.store(0, at: LedgerLayout.count)
        ledger.store(UInt64(stream) + 1, at: LedgerLayout.reader)
    }

    /// So many have.
    func read(_ count: Int) { ledger.store(UInt64(count), at: LedgerLayout.count) }

    /// Nothing has left the pipe. Others use the buffer, too: what they read there is not this stream's.
    func cameToNothing() { ledger.store(0, at: LedgerLayout.reader) }

    /// So many bytes of the buffer are dealt with.
    func handled(_ count: Int) {
        sawLine = true
        ledger.store(UInt64(count), at: LedgerLayout.handled)
    }

    /// All bytes are dealt with, or are the beginning of a line.
    ///
    /// - Parameter skipping: that line is too long; only its beginning is kept, to find whom to tell at its end.
    func end(unfinished line: [UInt8], skipping: Bool) {
        let size = line.count
        if size != kept || skipping != isSkipping || (sawLine && size > 0) { keep(line, size, skipping) }
        ledger.store(0, at: LedgerLayout.reader)
    }

    private func keep(_ line: [UInt8], _ size: Int, _ skipping: Bool) {
        var size = size
        if size > 0 {
            // A line grows at its end, unless it is another one.
            let start = !sawLine && size > kept ? kept : 0
            if !write(line[start..<size], at: start) { size = 0 }
        }
        let isLost = skipping || (size == 0 && !line.isEmpty)
        let note = UInt64(size) | (isLost ? LedgerLayout.Stream.isSkipped : 0)
        ledger.store(note, at: place + LedgerLayout.Stream.keptNext)
        ledger.store(UInt64(stream) + 1 | LedgerLayout.isKept, at: LedgerLayout.reader)
        ledger.store(note, at: place + LedgerLayout.Stream.kept)
        if size < kept, kept > ReadRecord.idleSize, let file { Files.truncate(file, to: size) }
        kept = size
        isSkipping = skipping
    }

    private func write(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Bool {
        if file == nil { file = try? Files.openPrivate(path).release() }
        guard let file else { return false }
        return Files.write(bytes, at: offset, to: file)
    }
}
