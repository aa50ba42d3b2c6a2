// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix

/// One running backend's page in the ``Ledger``.
final class BackendBooks {
    private let ledger: Ledger
    let stream: Int
    private var isClosed = false
    /// Local requests (``Actions/Asked``), by their tokens: where they are noted.
    private var asked: [UInt64: Int] = [:]
    let readRecord: ReadRecord
    let writeRecord: WriteRecord

    /// Nil when the ledger is full.
    init?(_ ledger: Ledger, unit: String) {
        guard let stream = ledger.openStream(.backend, Identity(unit: unit)) else { return nil }
        self.ledger = ledger
        self.stream = stream
        readRecord = ledger.readRecord(stream)
        writeRecord = ledger.writeRecord(stream)
    }

    func note(lastID: UInt64) { ledger.note(lastID: lastID, of: stream) }

    /// It was sent a request that no session asked for. Nobody waits for the answer once we are gone: it is to be taken
    /// back then.
    func asked(_ request: UInt64, token: UInt64) {
        guard !isClosed, let place = ledger.open(RawToken("0"), of: stream) else { return }
        ledger.sent(place, as: request, to: stream)
        asked[token] = place
    }

    func answered(token: UInt64) {
        if let place = asked.removeValue(forKey: token) { ledger.close(place) }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        for place in asked.values { ledger.close(place) }
        asked = [:]
        readRecord.close()
        writeRecord.close()
        ledger.closeStream(stream)
    }
}
