// SPDX-License-Identifier: Apache-2.0

@testable import Multiplexer

/// The end of a schedule whose backend lives: everything comes to its end by itself, and nothing is kept of it.
extension RandomSchedule {
    /// Far more than any schedule needs.
    private static let patience = 20_000

    mutating func comeToRest() {
        guard backend.isRunning, mux.isReady else { return }
        answerAll()
        while !clients.isEmpty, complaints.isEmpty { closeClient() }
        perform()
        for _ in 0..<Self.patience where !isAtRest {
            liveOn()
            fireTimer()
            perform()
        }
        if !isAtRest { complaints.append("something is left at a backend that lives: \(leftovers)") }
    }

    /// Nobody gives anything up, and yet nobody waits in the end.
    mutating func answerAll() {
        guard backend.isRunning, mux.isReady else { return }
        backend.isPatient = true
        for client in clients { catchUp(client.session) }
        for _ in 0..<Self.patience where clients.contains(where: \.waits) {
            liveOn()
            guard complaints.isEmpty else { return }
        }
        for client in clients where client.waits {
            complaints.append("\(client.session) waits at a backend that answers: \(client.open.keys.sorted())")
        }
    }

    /// Everybody does what is theirs to do, and nobody wants anything new. Time passes only for those who wait for it.
    private mutating func liveOn() {
        if startWanted { startBackend() }
        for index in clients.indices {
            guard let line = clients[index].answer(using: &generator) else { continue }
            send(line, from: clients[index].session)
            perform()
        }
        backendSpeaks()
        perform()
        fireRoundTimers()
        perform()
    }

    private var isAtRest: Bool {
        leftovers.isEmpty && mux.subscriptions.entries.isEmpty && mux.sessions.isEmpty && mux.tasks.isEmpty
            && mux.rounds.entries.isEmpty && mux.questions.entries.isEmpty && mux.heldCalls.isEmpty
            && mux.listens.entries.isEmpty
    }

    /// What is at the backend besides our own listen for changed lists.
    private var leftovers: [UInt64] { mux.pending.entries.keys.filter { $0 != mux.listens.changesRequest }.sorted() }
}
