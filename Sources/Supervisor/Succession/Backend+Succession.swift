// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix

/// What a backend leaves to the next supervisor, and takes from the last.
extension Backend {
    /// Puts its pipes and what we know of it into the manager's store.
    func keep(_ unit: String, pid: Int32, input: Int32, output: Int32) {
        guard let store = registry.store else { return }
        var document = BackendDocument(key: key, generation: generation, restarts: restarts)
        document.unit = unit
        document.pid = pid
        document.startTime = ProcessTable.startTime(of: pid) ?? 0
        do {
            let record = try BackendRecord(document, log: registry.log)
            record.change { _ in }
            store.store(record.descriptor, as: DescriptorStore.name("record", unit))
            store.store(input, as: DescriptorStore.name("in", unit))
            store.store(output, as: DescriptorStore.name("out", unit))
            store.settle()
            self.record = record
            registry.checkStore()
        } catch {
            registry.log.warning("\(error); it would not outlive a restart", backend: id, unit: unit)
        }
    }

    func noteSnapshot() {
        guard let record, record.document.isReady, let snapshot = multiplexer.snapshot else { return }
        let json = snapshot.json
        if record.document.snapshot != json { record.change { $0.snapshot = json } }
    }

    func forgetRecord() {
        if let unit = record?.document.unit { registry.store?.removeAll(of: unit) }
        record = nil
    }

    /// Everything, for a successor that comes at once. Nothing may be read from here on.
    func handOver() {
        guard let machine = try? multiplexer.encoded() else { return }
        let streams = process?.streams ?? InheritedStreams()
        let isStopping = if case .stopping = lifecycle.phase { true } else { false }
        let handed = HandedBackend(
            machine: machine,
            sessions: sessions.values.map {
                HandedBackend.Session(id: $0.id.raw, identity: "\($0.identity)", pid: $0.facts.pid)
            },
            timers: messageTimers.keys.map { HandedBackend.Timer(timer: $0, deadline: messageDeadlines[$0] ?? 0) },
            holds: holds.keys.map { HandedBackend.Hold(number: $0, deadline: holdDeadlines[$0]) },
            nextHold: nextHold, nextCall: nextCall, unsent: streams.unsent, unread: streams.unread,
            isStopping: isStopping)
        if let record, process != nil {
            return record.change {
                $0.isReady = multiplexer.isReady
                $0.era = multiplexer.backendEra
                $0.handed = handed
            }
        }
        handOverWithoutProcess(handed)
    }

    /// It does not run, but somebody is attached to it or waits for it.
    private func handOverWithoutProcess(_ handed: HandedBackend) {
        guard !sessions.isEmpty || !holds.isEmpty, let store = registry.store else { return }
        var document = BackendDocument(key: key, generation: generation, restarts: restarts)
        document.handed = handed
        guard let record = try? BackendRecord(document, log: registry.log) else { return }
        record.change { _ in }
        store.store(record.descriptor, as: DescriptorStore.name("record", String(key.digest.prefix(32))))
        self.record = record
    }

    /// Takes over the machine that was handed over.
    func restore(_ handed: HandedBackend) throws(CodingFailure) {
        multiplexer = try Multiplexer(
            restoring: handed.machine, configuration: Backend.multiplexerConfiguration(key: key, configuration))
        nextCall = handed.nextCall
        nextHold = handed.nextHold
        for entry in handed.timers { armMessageTimer(entry.timer, max(0, entry.deadline - registry.now)) }
        for hold in handed.holds { restoreHold(hold.number, deadline: hold.deadline) }
        for session in handed.sessions {
            awaited.insert(SessionID(raw: session.id))
            registry.handed(session, to: self)
        }
    }

    /// A session of a predecessor's is here again, or will not come.
    func noLongerAwaited(_ session: SessionID) {
        guard awaited.remove(session) != nil, awaited.isEmpty else { return }
        process?.resumeOutput()
        referencesChanged()
    }
}
