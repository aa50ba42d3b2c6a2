// SPDX-License-Identifier: Apache-2.0

import Multiplexer

/// The stdin of a backend: what is too much for its pipe waits in line, fair to all who send.
final class BackendInput {
    private let stream: OutputStream
    private var queue = FairQueue()
    /// Called when something has left the line.
    private let onProgress: () -> Void

    /// Bytes that are handed to the stream before others must wait: what a pipe holds (pipe(7)). It cannot be taken
    /// back, so less would be fairer; but less would leave a fast backend waiting.
    private static let ahead = 64 << 10

    init(_ stream: OutputStream, onProgress: @escaping () -> Void) {
        self.stream = stream
        self.onProgress = onProgress
        stream.onDrained = { [unowned self] in refill() }
    }

    /// Whether lines wait that the stream was not given yet.
    var isBehind: Bool { !queue.isEmpty }

    /// Bytes of one sender in line.
    func waiting(of sender: SessionID) -> Int { queue.byteCount(of: sender) }

    /// What the backend has not taken, line after line.
    var rest: [UInt8] {
        var bytes = Array(stream.rest)
        var line = queue
        while let next = line.next() { bytes += next }
        return bytes
    }

    /// A whole line; `nil` is the sender of the machine's own.
    func send(_ bytes: ArraySlice<UInt8>, of sender: SessionID?) {
        guard queue.isEmpty, stream.waiting < Self.ahead else { return queue.append(bytes, of: sender) }
        if bytes.count > Self.ahead { queue.charge(bytes.count, to: sender) }
        stream.send(bytes)
    }

    private func refill() {
        guard !queue.isEmpty else { return queue.forget() }
        while stream.waiting < Self.ahead, let line = queue.next() { stream.send(line[...]) }
        onProgress()
    }

    func flush() { stream.flush() }
    func close() { stream.close() }
}
