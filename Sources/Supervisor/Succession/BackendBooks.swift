// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Posix

/// Requests at a backend that may be running and that no client waits for.
struct Unclaimed {
    let requests: Set<UInt64>
    /// Tells one state of the machine's set from another.
    let revision: Int
}

extension Unclaimed {
    init(of machine: borrowing Multiplexer) {
        self.init(requests: machine.unclaimed, revision: machine.unclaimedRevision)
    }
}

/// One running backend's page in the ``Ledger``.
final class BackendBooks {
    private let ledger: Ledger
    let stream: Int
    private var isClosed = false
    /// Local requests (``Actions/Asked``), by their tokens: where they are noted.
    private var asked: [UInt64: Int] = [:]
    /// Where those are noted that no client waits for, by their ids.
    private var unclaimed: [UInt64: Int] = [:]
    private(set) var unclaimedRevision = 0
    /// Where those are noted whose sessions have not come back.
    private var expected: [Int] = []
    let readRecord: ReadRecord
    let writeRecord: WriteRecord

    /// Nil when the ledger is full. What is noted counts from ``begin()`` on.
    init?(_ ledger: Ledger, unit: String) {
        guard let stream = ledger.openStream(Identity(unit: unit)) else { return nil }
        self.ledger = ledger
        self.stream = stream
        readRecord = ledger.readRecord(stream)
        writeRecord = ledger.writeRecord(stream)
    }

    /// All that older books say of it stands here now. Until then they count, and nothing may have been written.
    func begin() { if !isClosed { ledger.begin(stream, .backend) } }

    func note(lastID: UInt64) { ledger.note(lastID: lastID, of: stream) }

    /// It was sent a request that no session asked for. Nobody waits for the answer once we are gone: it is to be taken
    /// back then.
    func asked(_ request: UInt64, token: UInt64) { asked[token] = note(request) }

    /// These are at it besides those that stand in sessions' books.
    func note(_ unclaimed: Unclaimed) {
        guard !isClosed else { return }
        unclaimedRevision = unclaimed.revision
        for id in self.unclaimed.keys where !unclaimed.requests.contains(id) {
            if let place = self.unclaimed.removeValue(forKey: id) { ledger.close(place) }
        }
        for id in unclaimed.requests where self.unclaimed[id] == nil { self.unclaimed[id] = note(id) }
    }

    /// These are at it for sessions that are on their way back: in their books is nothing yet.
    func expect(_ requests: [UInt64]) { expected += requests.compactMap(note) }

    /// They are back, or do not come.
    func expectNoLonger() {
        for place in expected { ledger.close(place) }
        expected = []
    }

    private func note(_ request: UInt64) -> Int? {
        guard !isClosed, let place = ledger.open(RawToken("0"), of: stream) else { return nil }
        ledger.sent(place, as: request, to: stream)
        return place
    }

    func answered(token: UInt64) {
        if let place = asked.removeValue(forKey: token) { ledger.close(place) }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        expectNoLonger()
        for place in Array(asked.values) + unclaimed.values { ledger.close(place) }
        asked = [:]
        unclaimed = [:]
        readRecord.close()
        writeRecord.close()
        ledger.closeStream(stream)
    }
}
