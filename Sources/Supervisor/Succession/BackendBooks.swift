// SPDX-License-Identifier: Apache-2.0

import Posix

/// One running backend's page in the ``Ledger``.
final class BackendBooks {
    private let ledger: Ledger
    let stream: Int
    private var isClosed = false
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

    func close() {
        guard !isClosed else { return }
        isClosed = true
        readRecord.close()
        writeRecord.close()
        ledger.closeStream(stream)
    }
}
