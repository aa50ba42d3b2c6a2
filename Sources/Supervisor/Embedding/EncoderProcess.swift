// SPDX-License-Identifier: Apache-2.0

import Posix
import Systemd

/// mcp-embed at work: texts go in, each one's vector comes out, in order.
///
/// It is a process so that the supervisor never computes: its loop stays free, its memory small, and what goes wrong
/// with the engine file goes wrong there.
final class EncoderProcess: StreamHandler {
    /// Floats of a vector.
    static let width = 384
    private static let vectorBytes = 4 * width
    /// The model's identity, before the first vector.
    private static let greeting = 8

    private let child: ChildProcess
    private let input: OutputStream
    private let output: ByteStream
    private let errors: ByteStream
    private let streams: StreamLoop
    private let loop: EventLoop
    private var token: StreamToken?
    private var ending: EventSource?
    private var received: [UInt8] = []
    private var isGreeted = false
    /// Whom the next vectors are for; `nil` vectors once there will be none.
    private var waiting: [([Float]?) -> Void] = []
    /// Called once when it is gone without having been asked to, with the first line that it left, if any.
    private let onDeath: (String?) -> Void

    /// Starts the program.
    init(
        program: String, arguments: [String], loop: EventLoop, streams: StreamLoop,
        onDeath: @escaping (String?) -> Void
    ) throws(PosixError) {
        let toChild = try makePipe()
        let fromChild = try makePipe()
        let errors = try makePipe()
        let childInput = try toChild.reading.duplicate()
        let childOutput = try fromChild.writing.duplicate()
        let childErrors = try errors.writing.duplicate()
        let root = try openDirectory("/")
        let spawn = SpawnOrder(
            path: program, arguments: ["mcp-embed"] + arguments, environment: [],
            descriptors: [childInput.raw, childOutput.raw, childErrors.raw], directory: root.raw)
        child = try ChildProcess(pid: try spawn.start())
        output = ByteStream(own: try fromChild.reading.duplicate())
        self.errors = ByteStream(own: try errors.reading.duplicate())
        input = try OutputStream(ByteStream(own: try toChild.writing.duplicate()), loop: streams, onClosed: {})
        self.streams = streams
        self.loop = loop
        self.onDeath = onDeath
        token = try streams.add(output.raw, .readable, self)
    }

    deinit {
        // With its input closed it ends by itself; one that computes is not waited for.
        if ending == nil, token != nil { child.signal(9) }
        if let token { streams.remove(token) }
    }

    var pid: Int32 { child.pid }

    /// Texts whose vectors have not come yet.
    var pending: Int { waiting.count }

    /// Asks for the vector of a text.
    func encode(_ text: String, then: @escaping ([Float]?) -> Void) {
        guard token != nil else { return then(nil) }
        waiting.append(then)
        // A line each: to the model all white space is the same.
        var line = text.utf8.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
        line.append(UInt8(ascii: "\n"))
        input.send(line[...])
    }

    func ready(_ readiness: Readiness) {
        switch streams.buffer.read(output) {
        case .bytes(let count):
            streams.buffer.withBytes(count) { bytes in
                for index in bytes.indices { received.append(bytes[index]) }
            }
            deliver()
        case .wouldBlock: break
        case .end:
            let words = lastWords()
            end()
            onDeath(words)
            abandon()
        }
    }

    private func deliver() {
        if !isGreeted, received.count >= EncoderProcess.greeting {
            received.removeFirst(EncoderProcess.greeting)
            isGreeted = true
        }
        while isGreeted, received.count >= EncoderProcess.vectorBytes, !waiting.isEmpty {
            let vector = (0..<EncoderProcess.width).map { index in
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(received[4 * index + $1]) << (8 * UInt32($1)) }
                return Float(bitPattern: bits)
            }
            received.removeFirst(EncoderProcess.vectorBytes)
            waiting.removeFirst()(vector)
        }
    }

    /// What it said on stderr, as far as it is there.
    private func lastWords() -> String? {
        var said: [UInt8] = []
        if case .bytes(let count) = streams.buffer.read(errors) {
            streams.buffer.withBytes(count) { bytes in
                for index in bytes.indices { said.append(bytes[index]) }
            }
        }
        let line = String(decoding: said.prefix { $0 != UInt8(ascii: "\n") }.prefix(1000), as: UTF8.self)
        return line.isEmpty ? nil : line
    }

    /// Ends it: whoever waits for a vector gets none.
    func stop() {
        end()
        abandon()
    }

    private func abandon() {
        let abandoned = waiting
        waiting = []
        for then in abandoned { then(nil) }
    }

    private func end() {
        guard let token else { return }
        streams.remove(token)
        self.token = nil
        input.close()
        child.signal(9)
        // Keeps this alive until the process has been waited for.
        ending = try? loop.watch(child.descriptor, .readable) { _ in
            _ = self.child.reap()
            self.ending?.cancel()
        }
    }
}
