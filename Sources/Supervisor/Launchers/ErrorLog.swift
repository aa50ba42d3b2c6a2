// SPDX-License-Identifier: Apache-2.0

import Posix

/// The stderr of a backend where there is no journal: relayed into a file of limited size, the last lines at hand.
///
/// A disk that is full costs lines, never the backend: what cannot be written is counted, and said in the file once
/// there is room again.
final class ErrorLog: StreamHandler {
    /// Bytes after which the file is moved to `.1`; together at most twice this.
    static let rotation: Int64 = 8 << 20
    private static let kept = 64

    let path: String
    private let source: ByteStream
    private let loop: StreamLoop
    private var token: StreamToken?
    private var written: Int64 = 0
    private var file: Int32?
    private var lost: Int64 = 0
    private var tail: [String] = []
    private var unfinished: [UInt8] = []

    init(path: String, source: consuming Descriptor, loop: StreamLoop) throws(PosixError) {
        self.path = path
        self.source = ByteStream(own: source)
        self.loop = loop
        openFile()
        token = try loop.add(self.source.raw, .readable, self)
    }

    deinit {
        if let file { _ = Descriptor(owning: file) }
    }

    /// The last lines, oldest first.
    var lastLines: [String] { tail + (unfinished.isEmpty ? [] : [text(unfinished[...])]) }

    func ready(_ readiness: Readiness) {
        switch loop.buffer.read(source) {
        case .bytes(let count): loop.buffer.withBytes(count) { take($0) }
        case .wouldBlock: break
        case .end: close()
        }
    }

    /// Takes what is still in the pipe, after the backend's end.
    func drain() {
        while token != nil, case .bytes(let count) = loop.buffer.read(source) {
            loop.buffer.withBytes(count) { take($0) }
        }
        close()
    }

    func close() {
        if let token { loop.remove(token) }
        token = nil
    }

    private func take(_ bytes: Span<UInt8>) {
        var chunk: [UInt8] = []
        chunk.reserveCapacity(bytes.count)
        for index in bytes.indices { chunk.append(bytes[index]) }
        remember(chunk)
        append(chunk)
    }

    private func remember(_ chunk: [UInt8]) {
        var lines = (unfinished + chunk).split(separator: 0x0A, omittingEmptySubsequences: false)
        unfinished = Array((lines.popLast() ?? []).suffix(4096))
        tail = (tail + lines.map(text)).suffix(ErrorLog.kept)
    }

    private func text(_ line: ArraySlice<UInt8>) -> String { String(decoding: line.prefix(4096), as: UTF8.self) }

    private func append(_ chunk: [UInt8]) {
        if written > ErrorLog.rotation {
            if let file { _ = Descriptor(owning: file) }
            Files.move(path, to: path + ".1")
            openFile()
        }
        guard let file else { return }
        if lost > 0 {
            let note = Array("[mcp-supervisor: \(lost) bytes were lost here, the disk was full]\n".utf8)
            guard Files.append(note, to: file) else {
                lost += Int64(chunk.count)
                return
            }
            lost = 0
        }
        if Files.append(chunk, to: file) { written += Int64(chunk.count) } else { lost += Int64(chunk.count) }
    }

    private func openFile() {
        file = try? Posix.openLog(path).release()
        written = Files.identity(path)?.size ?? 0
    }
}
