// SPDX-License-Identifier: Apache-2.0

import Foundation
import Posix

@testable import Supervisor

/// Books in a file of their own, read as a successor would.
final class LedgerDesk {
    let path = NSTemporaryDirectory() + "ledger-\(UUID().uuidString)"
    let ledger: Ledger
    private let other: SharedMemory

    init() throws {
        ledger = try Ledger(path: path)
        other = try SharedMemory(opening: path, size: LedgerLayout.size)
    }

    deinit { Files.remove(path) }

    var bytes: [UInt8] { other.bytes(0..<LedgerLayout.size) }

    func lost(_ identity: Identity) -> LedgerReport.LostSession? { report?.sessions[identity] }

    var report: LedgerReport? {
        let read = { (path: String) in (try? Files.read(path, limit: 1 << 20)) ?? [] }
        return LedgerReport(
            bytes, kept: { read(LedgerLayout.keptPath(self.path, $0)) },
            unsent: { read(LedgerLayout.unsentPath(self.path, $0)) },
            opening: { read(LedgerLayout.openingPath(self.path, $0)) },
            lobby: { read(LedgerLayout.lobbyPath(self.path, $0)) })
    }

    /// Pages that count already.
    func session(_ identity: Identity) -> SessionBooks? {
        let books = SessionBooks(ledger, identity)
        books?.begin()
        return books
    }

    func backend(_ unit: String) -> BackendBooks? {
        let books = BackendBooks(ledger, unit: unit)
        books?.begin()
        return books
    }
}

extension LedgerReport.LostSession {
    /// The ids of what is owed, for reading.
    var texts: [String] { requests.map { String(decoding: $0, as: UTF8.self) } }
}
