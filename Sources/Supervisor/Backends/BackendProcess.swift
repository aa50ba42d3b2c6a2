// SPDX-License-Identifier: Apache-2.0

import Multiplexer
import Posix

/// The running process of a backend with its streams.
final class BackendProcess: StreamHandler, LineReceiver {
    let launched: LaunchedBackend
    private unowned let backend: Backend
    private let loop: StreamLoop
    private var input: OutputStream?
    private var output: InputStream?
    private var exitToken: StreamToken?
    private(set) var end: ProcessEnd?

    /// Bytes that a line from a backend may have (protocol.md §2.7 j).
    static let lineLimit = 64 << 20

    init(_ launched: LaunchedBackend, backend: Backend, loop: StreamLoop) throws(PosixError) {
        self.launched = launched
        self.backend = backend
        self.loop = loop
        guard let pipes = launched.takePipes() else { throw PosixError("use", "a backend's pipes", code: 9) }
        let stdin = Descriptor(owning: pipes.input)
        let stdout = Descriptor(owning: pipes.output)
        input = try OutputStream(ByteStream(own: stdin), loop: loop) { [unowned self] in input = nil }
        input?.onDrained = { [unowned backend] in backend.inputDrained() }
        output = try InputStream(
            ByteStream(own: stdout), limit: BackendProcess.lineLimit, loop: loop, receiver: self)
        exitToken = try loop.add(launched.child.descriptor, .readable, self)
    }

    deinit { close() }

    /// Bytes that the backend has not read yet.
    var waiting: Int { input?.waiting ?? 0 }

    func send(_ bytes: ArraySlice<UInt8>) { input?.send(bytes) }

    /// The end of the conversation, from our side.
    func closeInput() {
        input?.flush()
        input?.close()
        input = nil
    }

    func receive(_ line: Span<UInt8>) { backend.receiveFromProcess(line) }

    func receiveOversize(beginning: Span<UInt8>, length: Int) {
        backend.receiveOversizeFromProcess(beginning: beginning, length: length)
    }

    /// Its stdout is closed. While it lives that is as good as dead: nothing can be answered any more.
    func inputEnded() {
        output = nil
        if end == nil { backend.outputClosed() }
    }

    /// The process has ended.
    func ready(_ readiness: Readiness) {
        guard end == nil, let how = launched.child.reap() else { return }
        end = how
        // What it wrote last is still in the pipe; a grandchild that holds the pipe open must not keep us.
        output?.drain()
        close()
        backend.processEnded(self, how)
    }

    func close() {
        if let exitToken { loop.remove(exitToken) }
        exitToken = nil
        output?.close()
        input?.close()
    }
}
