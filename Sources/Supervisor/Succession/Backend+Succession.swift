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
        forgetRecord()
        var document = currentDocument
        document.unit = unit
        if key.share == .session { document.owner = sessions.values.first?.known }
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
        for name in storedNames { registry.store?.remove(name) }
        record = nil
    }

    /// What the manager keeps of it.
    var storedNames: [String] {
        guard let record else { return [] }
        guard let unit = record.document.unit else { return [nameWhileDown] }
        return DescriptorStore.parts.map { DescriptorStore.name($0, unit) }
    }

    private var currentDocument: BackendDocument {
        var document = BackendDocument(key: key, generation: generation, restarts: restarts)
        document.past = past
        document.holds = currentHolds
        return document
    }

    private var currentHolds: Holds {
        let list = holds.keys.sorted().map { Holds.Hold(number: $0, deadline: holdDeadlines[$0]) }
        return Holds(list: list, last: nextHold)
    }

    func noteHolds() {
        guard process != nil else { return keepWhileDown() }
        let now = currentHolds
        if let record, record.document.holds != now { record.change { $0.holds = now } }
    }

    /// Of its record, while it has no unit.
    private var nameWhileDown: String { DescriptorStore.name("record", String(key.digest.prefix(32))) }

    /// A backend that is down, and held or paused after its death, is to be the same for a successor.
    func keepWhileDown() {
        guard registry.store != nil, process == nil, record?.document.unit == nil else { return }
        switch lifecycle.phase {
        case .starting, .ready, .stopping: return
        case .stopped, .resting, .failed: break
        }
        let document = currentDocument
        guard document.past.pause != nil || !document.holds.list.isEmpty else { return forgetRecord() }
        keepRecord(while: document)
    }

    private func keepRecord(while document: BackendDocument) {
        do {
            let record = try self.record ?? BackendRecord(document, log: registry.log)
            record.change { $0 = document }
            guard self.record == nil else { return }
            registry.store?.store(record.descriptor, as: nameWhileDown)
            self.record = record
        } catch {
            registry.log.warning("\(error); its past would not outlive a restart", backend: id)
        }
    }

    /// Everything, for a successor that comes at once. Nothing may be read from here on.
    func handOver() {
        guard let machine = try? multiplexer.encoded() else { return }
        let streams =
            process?.streams
            ?? InheritedStreams(unread: LineSplitter(limit: Int(configuration.clientLimits.messageSize)))
        let isStopping = if case .stopping = lifecycle.phase { true } else { false }
        let handed = HandedBackend(
            machine: machine,
            sessions: sessions.values.map(\.handed),
            timers: messageTimers.keys.map { HandedBackend.Timer(timer: $0, deadline: messageDeadlines[$0] ?? 0) },
            nextCall: nextCall, unsent: streams.unsent, unread: streams.unread, isStopping: isStopping)
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
        guard !sessions.isEmpty || record != nil || !holds.isEmpty, registry.store != nil else { return }
        var document = currentDocument
        document.handed = handed
        keepRecord(while: document)
    }

    /// Takes over the machine that was handed over.
    func restore(_ handed: HandedBackend) throws(CodingFailure) {
        multiplexer = try Multiplexer(
            restoring: handed.machine, configuration: Backend.multiplexerConfiguration(key: key, configuration))
        nextCall = handed.nextCall
        for entry in handed.timers { armMessageTimer(entry.timer, max(0, entry.deadline - registry.now)) }
        withMultiplexer { machine, now, actions in machine.resume(now: now, into: &actions) }
        for session in handed.sessions { expect(session) }
    }

    /// A session of a predecessor's will come back.
    func expect(_ session: HandedBackend.Session) {
        awaited.insert(SessionID(raw: session.id))
        registry.handed(session, to: self)
    }

    /// Holds that a predecessor was asked for.
    func restore(_ holds: Holds) {
        nextHold = holds.last
        for hold in holds.list {
            holdDeadlines[hold.number] = hold.deadline
            let timer = hold.deadline.flatMap { end in
                registry.timer(milliseconds: max(0, end - registry.now)) { [unowned self] in release(hold.number) }
            }
            self.holds[hold.number] = .some(timer)
        }
    }

    /// A session of a predecessor's is here again, or will not come.
    func noLongerAwaited(_ session: SessionID) {
        guard awaited.remove(session) != nil, awaited.isEmpty else { return }
        process?.resumeOutput()
        referencesChanged()
    }

    /// Once all are back, their own books say what they wait for.
    func reviewExpected() { if awaited.isEmpty { process?.books?.expectNoLonger() } }
}
