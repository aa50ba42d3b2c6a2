// SPDX-License-Identifier: Apache-2.0

import Posix

/// Our ledger and those of our predecessors, beside the control socket.
struct Books {
    let ledger: Ledger?
    let predecessors: Predecessors

    /// Milliseconds from one look at what our predecessors left to the next: whether somebody may still come for it.
    static let patience: Int64 = 60_000
    /// The same while one of them is still here.
    static let glance: Int64 = 2_000

    static func open(socket: String, log: Log) -> Books {
        if let slash = socket.lastIndex(of: "/") { try? Files.makeDirectory(String(socket[..<slash])) }
        let predecessors = Predecessors(prefix: socket + ".ledger.")
        do {
            let ledger = try Ledger(path: predecessors.ownPath, order: predecessors.lastOrder + 1)
            ledger.onFull = { log.warning($0) }
            return Books(ledger: ledger, predecessors: predecessors)
        } catch {
            log.warning("\(error); calls under way get no answer if the supervisor is killed")
            return Books(ledger: nil, predecessors: predecessors)
        }
    }
}

extension Registry {
    /// We end on our own, and the sessions go on with whoever comes next.
    func closeBooks() {
        guard !sessions.isEmpty else { return predecessors?.removeOwn() ?? () }
        for session in sessions.values { session.leaveRest() }
    }
}
