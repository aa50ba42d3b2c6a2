// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix

/// The books of a running supervisor, in a file that is mapped: which requests are owed an answer, how far each stream
/// is, and what is being read. Plain stores, in an order that makes sense wherever they stop; so a successor of one that
/// was killed can answer what was lost (``LedgerReport``), and neither twice nor in the middle of a line.
///
/// Bounded: what finds no room is not noted, and gets no answer if we are killed. Everything else goes on as ever.
final class Ledger {
    private let file: SharedMemory
    private let path: String
    private var freeStreams: [Int]
    private var freeRequests: [Int]
    private var scratch: [UInt8] = []
    /// Called once when a table is full.
    var onFull: (String) -> Void = { _ in }
    private var isFull = false

    /// - Parameter order: above that of all books that there are.
    init(path: String, order: UInt64 = 1) throws(PosixError) {
        self.path = path
        file = try SharedMemory(creating: path, size: LedgerLayout.size)
        // Taken from the end: a quiet supervisor uses the first pages only.
        freeStreams = (0..<LedgerLayout.Stream.count).reversed()
        freeRequests = (0..<LedgerLayout.Request.count).reversed()
        file.store(order, at: LedgerLayout.order)
        file.store(LedgerLayout.magic, at: 0)
    }

    /// What all streams are to be read into.
    func readBuffer() -> ReadBuffer {
        ReadBuffer(in: file, LedgerLayout.buffer..<LedgerLayout.size)
    }

    // MARK: - Streams

    /// Finds a place, whose reader sees nothing before ``begin(_:_:)``.
    func openStream(_ identity: Identity, shim: ShimProcess? = nil) -> Int? {
        guard let stream = freeStreams.popLast() else {
            complain("\(LedgerLayout.Stream.count) sessions and backends")
            return nil
        }
        let place = LedgerLayout.Stream.place(stream)
        for member in stride(from: LedgerLayout.Stream.first, to: LedgerLayout.Stream.size, by: 8) {
            file.store(0, at: place + member)
        }
        file.store(identity.high, at: place + LedgerLayout.Stream.identity)
        file.store(identity.low, at: place + LedgerLayout.Stream.identity + 8)
        file.store(shim?.number ?? 0, at: place + LedgerLayout.Stream.shim)
        return stream
    }

    /// All that older books say of it is here now, or there are none: from this store on these ones count.
    func begin(_ stream: Int, _ kind: LedgerReport.Kind) {
        file.store(kind.rawValue, at: LedgerLayout.Stream.place(stream) + LedgerLayout.Stream.kind)
    }

    func closeStream(_ stream: Int) {
        file.store(0, at: LedgerLayout.Stream.place(stream) + LedgerLayout.Stream.kind)
        freeStreams.append(stream)
    }

    func writeRecord(_ stream: Int) -> WriteRecord {
        WriteRecord(
            file, at: LedgerLayout.Stream.place(stream) + LedgerLayout.Stream.output,
            path: LedgerLayout.unsentPath(path, stream))
    }

    func readRecord(_ stream: Int) -> ReadRecord {
        ReadRecord(file, stream: stream, path: LedgerLayout.keptPath(path, stream))
    }

    /// Keeps a session's first line: a handshake that is lost can be had again without asking the client.
    ///
    /// - Returns: whether it could be kept.
    func keep(opening line: [UInt8], of stream: Int) -> Bool {
        guard let file = try? Files.openPrivate(LedgerLayout.openingPath(path, stream)) else { return false }
        Files.truncate(file.raw)
        if Files.write(line[...], at: 0, to: file.raw) { return true }
        forgetOpening(of: stream)
        return false
    }

    func forgetOpening(of stream: Int) { Files.remove(LedgerLayout.openingPath(path, stream)) }

    /// Adds a line of a session that has no backend yet.
    func keep(lobby line: [UInt8], of stream: Int, at offset: Int) -> Bool {
        guard let file = try? Files.openPrivate(LedgerLayout.lobbyPath(path, stream)) else { return false }
        if offset == 0 { Files.truncate(file.raw) }
        if Files.write((line + [0x0A])[...], at: offset, to: file.raw) { return true }
        // The beginning of a line may be in it, and whoever has this place next must not be taken for its sender.
        if offset == 0 { forgetLobby(of: stream) } else { Files.truncate(file.raw, to: offset) }
        return false
    }

    func forgetLobby(of stream: Int) { Files.remove(LedgerLayout.lobbyPath(path, stream)) }

    func note(lastID: UInt64, of stream: Int) {
        file.store(lastID, at: LedgerLayout.Stream.place(stream) + LedgerLayout.Stream.lastID)
    }

    // MARK: - Requests

    func open(_ id: RawToken, of stream: Int) -> Int? {
        scratch.removeAll(keepingCapacity: true)
        id.write(to: &scratch)
        guard scratch.count <= LedgerLayout.Request.tokenCapacity else { return nil }
        guard let request = freeRequests.popLast() else {
            complain("\(LedgerLayout.Request.count) requests")
            return nil
        }
        let place = LedgerLayout.Request.place(request)
        file.store(scratch, at: place + LedgerLayout.Request.token)
        file.store(0, at: place + LedgerLayout.Request.end)
        let header = LedgerLayout.Request.pack(.open, length: scratch.count, stream: stream)
        file.store(header, at: place + LedgerLayout.Request.header)
        return request
    }

    /// It is at a backend, under an id of ours.
    func sent(_ request: Int, as id: UInt64, to backend: Int) {
        let place = LedgerLayout.Request.place(request)
        let stream = UInt64(backend) + 1
        file.store(stream << LedgerLayout.Request.backendShift | id, at: place + LedgerLayout.Request.end)
    }

    /// Its answer is on the way, and ends at this place of the stream.
    func answer(_ request: Int, end: UInt64) {
        let place = LedgerLayout.Request.place(request)
        file.store(end, at: place + LedgerLayout.Request.end)
        let header = file.load(place + LedgerLayout.Request.header)
        let answered = header & ~0xFF | LedgerLayout.Request.State.answered.rawValue
        file.store(answered, at: place + LedgerLayout.Request.header)
    }

    func close(_ request: Int) {
        file.store(0, at: LedgerLayout.Request.place(request) + LedgerLayout.Request.header)
        freeRequests.append(request)
    }

    private func complain(_ what: String) {
        guard !isFull else { return }
        isFull = true
        onFull("more than \(what) at once: those beyond get no answer if the supervisor is killed")
    }
}
