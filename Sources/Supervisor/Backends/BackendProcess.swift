// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Posix

/// How far the conversation with a running backend had come.
struct InheritedStreams {
    /// What it has not been sent yet.
    var unsent: [UInt8] = []
    /// What was read of a line that is not complete.
    var unread: LineSplitter
}

/// The running process of a backend with its streams.
final class BackendProcess: StreamHandler, LineReceiver {
    let launched: LaunchedBackend
    private unowned let backend: Backend
    private let loop: StreamLoop
    private var input: BackendInput?
    private var output: InputStream?
    private var exitToken: StreamToken?
    private(set) var end: ProcessEnd?
    let books: BackendBooks?
    private let lineLimit: Int
    var kills = KilledProcesses()

    /// - Parameter inherited: how far a predecessor's conversation with it has come.
    init(
        _ launched: LaunchedBackend, backend: Backend, loop: StreamLoop,
        inherited: InheritedStreams? = nil
    ) throws(PosixError) {
        lineLimit = Int(backend.configuration.clientLimits.messageSize)
        let isNew = inherited == nil
        var inherited = inherited ?? InheritedStreams(unread: LineSplitter(limit: lineLimit))
        // A predecessor may have had another configuration.
        inherited.unread.limit = lineLimit
        self.launched = launched
        self.backend = backend
        self.loop = loop
        guard let pipes = launched.takePipes() else { throw PosixError("use", "a backend's pipes", code: 9) }
        books = launched.unit.flatMap { unit in backend.registry.ledger.flatMap { BackendBooks($0, unit: unit) } }
        let stdin = Descriptor(owning: pipes.input)
        let stdout = Descriptor(owning: pipes.output)
        let stream = try OutputStream(ByteStream(own: stdin), loop: loop, record: books?.writeRecord) {
            [unowned self] in inputClosed()
        }
        stream.send(inherited: inherited.unsent[...])
        input = BackendInput(stream) { [unowned backend] in backend.reviewBacklogs() }
        output = try InputStream(
            ByteStream(own: stdout), splitter: inherited.unread, loop: loop, receiver: self, record: books?.readRecord)
        exitToken = try loop.add(launched.child.descriptor, .readable, self)
        if isNew { books?.begin() }
    }

    /// What a successor has to know.
    var streams: InheritedStreams {
        InheritedStreams(
            unsent: input?.rest ?? [], unread: output?.state ?? LineSplitter(limit: lineLimit))
    }

    /// Its answers are left in the pipe while those who are to get them have not come back, and so is its end, which
    /// comes behind them.
    func pauseOutput() {
        output?.pause()
        unwatchExit()
    }

    func resumeOutput() {
        output?.resume()
        guard exitToken == nil, end == nil else { return }
        do {
            exitToken = try loop.add(launched.child.descriptor, .readable, self)
        } catch {
            backend.registry.log.error("its end cannot be watched, it is stopped: \(error)", backend: backend.id)
            backend.kill()
            backend.registry.inBackground {
                await self.backend.registry.loop.untilReadable(self.launched.child.descriptor)
                self.ready(.readable)
            }
        }
    }

    private func unwatchExit() {
        if let exitToken { loop.remove(exitToken) }
        exitToken = nil
    }

    deinit { close() }

    /// Whether it takes its input more slowly than sessions send.
    var isBehind: Bool { input?.isBehind == true }

    /// Bytes of a session that it has not been given yet.
    func waiting(of session: SessionID) -> Int { input?.waiting(of: session) ?? 0 }

    func send(_ bytes: ArraySlice<UInt8>, of sender: SessionID?) { input?.send(bytes, of: sender) }

    /// The end of the conversation, from our side.
    func closeInput() {
        input?.flush()
        if let unit = launched.unit { backend.registry.store?.remove(DescriptorStore.name("in", unit)) }
        input?.close()
        input = nil
    }

    func receive(_ line: Span<UInt8>) { backend.receiveFromProcess(line) }

    func receiveOversize(beginning: Span<UInt8>, length: Int) {
        backend.receiveOversizeFromProcess(beginning: beginning, length: length)
    }

    /// It reads no more, and what is sent from now on is lost.
    private func inputClosed() {
        input = nil
        backend.reviewBacklogs()
        if end == nil { backend.streamClosed("stdin") }
    }

    /// Its stdout is closed. While it lives that is as good as dead: nothing can be answered any more.
    func inputEnded() {
        output = nil
        if end == nil { backend.streamClosed("stdout") }
    }

    /// The process has ended.
    func ready(_ readiness: Readiness) {
        guard end == nil, let how = launched.child.reap() else { return }
        end = how
        // What it wrote last is still in the pipe; a grandchild that holds the pipe open must not keep us.
        output?.drain()
        close()
        books?.close()
        if let unit = launched.unit { backend.registry.store?.removeAll(of: unit) }
        backend.processEnded(self, how)
    }

    func close() {
        unwatchExit()
        output?.close()
        input?.close()
    }
}
