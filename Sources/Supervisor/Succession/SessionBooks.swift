// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix

/// One session's page in the ``Ledger``.
final class SessionBooks {
    private let ledger: Ledger
    private let stream: Int
    /// A handful, as a rule: looked through, the last first. Two may have one id, a client's error; each is owed an answer.
    private var open: [(id: RawToken, request: Int)] = []
    /// Those whose answer is on its way, in the order of their ends.
    private var answered: [(request: Int, end: UInt64)] = []
    private var isClosed = false
    /// Those that are in ``open`` and will be said again.
    private var known: [RawToken] = []
    /// The handshake whose line is kept, and where its answer ends.
    private var opening: RawToken?
    private var openingEnd: UInt64 = .max
    /// Bytes of lines that were kept in the lobby.
    private var lobbySize = 0
    private static let lobbyLimit = 8 << 20
    /// Nil when the ledger is full. What is noted counts from ``begin()`` on.
    init?(_ ledger: Ledger, _ identity: Identity, shim: ShimProcess? = nil) {
        guard let stream = ledger.openStream(identity, shim: shim) else { return nil }
        self.ledger = ledger
        self.stream = stream
    }

    private(set) lazy var writeRecord = ledger.writeRecord(stream)
    private(set) lazy var readRecord = ledger.readRecord(stream)

    /// All that it was owed stands here now. Until then the older books count, and nothing may have been written.
    func begin() { if !isClosed { ledger.begin(stream, .session) } }

    /// The handshake of a session that begins.
    func keep(opening line: Span<UInt8>, _ id: RawToken) {
        guard !isClosed, ledger.keep(opening: line.indices.map { line[$0] }, of: stream) else { return }
        opening = id
        openingEnd = .max
    }

    /// A line of a session that waits for its repository. What is beyond bounds is not kept: nobody waits so long.
    func keep(lobby line: [UInt8]) {
        guard !isClosed, lobbySize + line.count < SessionBooks.lobbyLimit else { return }
        if ledger.keep(lobby: line, of: stream, at: lobbySize) { lobbySize += line.count + 1 }
    }

    /// The machine of its backend is given what waits in the lobby, and says once more that it is owed.
    func expectAgain() { known = open.map(\.id) }

    /// It has a place now, and the machine there knows it.
    func forgetLobby() {
        known = []
        guard lobbySize > 0 else { return }
        lobbySize = 0
        ledger.forgetLobby(of: stream)
    }

    private func forgetOpening() {
        guard opening != nil else { return }
        opening = nil
        ledger.forgetOpening(of: stream)
    }

    func opened(_ id: RawToken) {
        if let index = known.firstIndex(of: id) {
            known.remove(at: index)
            return
        }
        guard !isClosed, let request = ledger.open(id, of: stream) else { return }
        open.append((id, request))
    }

    /// It is at a backend, under an id of ours.
    func sent(_ id: RawToken, as request: UInt64, to backend: BackendBooks) {
        guard let owed = open.first(where: { $0.id == id }) else { return }
        ledger.sent(owed.request, as: request, to: backend.stream)
    }

    /// Its answer ends at this place of the stream.
    func answered(_ id: RawToken, end: UInt64) {
        guard let request = take(id) else { return }
        ledger.answer(request, end: end)
        if id == opening { openingEnd = end }
        answered.append((request, end))
    }

    /// It gets none.
    func dropped(_ id: RawToken) {
        if let request = take(id) { ledger.close(request) }
    }

    private func take(_ id: RawToken) -> Int? {
        guard let index = open.lastIndex(where: { $0.id == id }) else { return nil }
        open.swapAt(index, open.count - 1)
        return open.removeLast().request
    }

    /// So many bytes have been written.
    func written(_ position: UInt64) {
        var done = 0
        while done < answered.count, answered[done].end <= position {
            ledger.close(answered[done].request)
            done += 1
        }
        guard done > 0 else { return }
        if done == answered.count { answered.removeAll(keepingCapacity: true) } else { answered.removeFirst(done) }
        if position >= openingEnd { forgetOpening() }
    }

    /// The session is over: nothing is owed any more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        forgetOpening()
        forgetLobby()
        readRecord.close()
        writeRecord.close()
        ledger.closeStream(stream)
        for request in open.map(\.request) + answered.map(\.request) { ledger.close(request) }
        open = []
        answered = []
    }

    /// We go, and the client has not taken all that it was sent: our successor sends the rest.
    func leave(unsent rest: ArraySlice<UInt8>, written: UInt64) {
        if !rest.isEmpty { writeRecord.keep(rest, at: written) }
    }
}
