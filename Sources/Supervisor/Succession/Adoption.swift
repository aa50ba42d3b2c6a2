// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import Systemd

/// Taking over what a predecessor left in the service manager's store (systemd.md §2.5): backends that live go on, with
/// the same process; what cannot be gone on with is stopped; nothing is guessed.
extension Registry {
    /// To be called before the first connection is accepted.
    func adopt(_ stored: StoredDescriptors) async {
        guard let store else { return }
        for name in stored.names { store.inherited(name) }
        for name in stored.names where name.hasPrefix("record.") {
            guard let file = stored.take(name) else { continue }
            guard let record = BackendRecord(adopting: file, log: log) else {
                let unit = String(name.dropFirst("record.".count))
                // Of one that does not run nothing is left to stop.
                if unit.hasSuffix(".scope") { refuse(unit, "its record is of another version, or damaged") }
                continue
            }
            // Without a process it is written anew, if it is still worth it.
            if record.document.unit == nil { store.remove(name) }
            await adopt(record, stored)
        }
        store.removeOthers(than: Set(backends.values.flatMap(\.storedNames)))
        expireHanded()
    }

    private func adopt(_ record: BackendRecord, _ stored: StoredDescriptors) async {
        let document = record.document
        guard let directory = try? openDirectory(document.key.directory), backends[document.key] == nil else {
            return refuse(document.unit, "its directory is gone")
        }
        // To stop it, its stdin is closed, and taken out of the store.
        let wasStopping =
            document.handed?.isStopping
            ?? !stored.names.contains(DescriptorStore.name("in", document.unit ?? ""))
        let backend = backend(for: document.key, directory: directory)
        backend.generation = document.generation
        backend.restarts = document.restarts
        do throws(AdoptionError) {
            backend.restore(document.holds)
            backend.restore(document.past)
            if let handed = document.handed { try backend.takeOver(handed) }
            guard let unit = document.unit else { return backend.goOnWithoutProcess() }
            if wasStopping, document.handed != nil { return backend.goOnStopping(unit) }
            try backend.adopt(record, stored)
        } catch {
            backends[document.key] = nil
            return await beginAnew(document, wasStopping: wasStopping, error.reason)
        }
        guard let unit = document.unit, let scopes = launcher as? ScopeLauncher else { return }
        // Its Result is to be readable after its end, for us as well.
        try? await scopes.bus.open().refUnit(unit)
        // Half a freeze may be left of the last supervisor; what sleeps goes on sleeping.
        if backend.hibernation.phase == .awake { try? await scopes.bus.open().thawUnit(unit) }
        backend.goOnSleeping()
        backend.lastUse = now
        backend.armSleepClock()
        log.notice("adopted process \(document.pid)", backend: backend.id, unit: unit)
    }

    /// Nobody waits for its end: sessions are on their way back.
    func refuse(_ unit: String?, _ reason: String) {
        guard let unit else { return }
        log.notice("a backend of the last supervisor is stopped: \(reason)", unit: unit)
        stopLeftBehind(unit)
    }

    /// Stops a scope of a predecessor's, whatever state that left it in.
    ///
    /// - Parameter then: what is to be done once it has stopped.
    func stopLeftBehind(_ unit: String, then: @escaping () -> Void = {}) {
        let isFirst = beingStopped.insert(unit).inserted
        inBackground {
            if isFirst { await self.stop(unit) }
            then()
        }
    }

    private func stop(_ unit: String) async {
        guard let bus = try? (launcher as? ScopeLauncher)?.bus.open() else { return }
        // A frozen one hears no signal, and newer managers refuse to stop it.
        try? await bus.thawUnit(unit)
        try? await bus.stopUnit(unit)
        try? await bus.resetFailedUnit(unit)
    }
}

/// Why a backend is not gone on with.
struct AdoptionError: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension Backend {
    fileprivate func takeOver(_ handed: HandedBackend) throws(AdoptionError) {
        do {
            try restore(handed)
        } catch {
            throw AdoptionError("its state cannot be read: \(error)")
        }
    }

    /// What waits asks for a start.
    func goOnWithoutProcess() {
        if multiplexer.needsBackend, lifecycle.phase == .stopped { needed() }
        referencesChanged()
    }

    /// Its stdin is closed, and with it the conversation: what is left of the process is stopped. What waits for the end
    /// of that has its start then.
    func goOnStopping(_ unit: String) {
        lifecycle.adopt(lifecycle.policy, .stopping(.terminated, again: multiplexer.needsBackend))
        registry.log.notice("what is left of it is stopped, as it was to be", backend: id, unit: unit)
        registry.stopLeftBehind(unit) { self.isDown() }
        referencesChanged()
    }

    fileprivate func adopt(_ record: BackendRecord, _ stored: StoredDescriptors) throws(AdoptionError) {
        let document = record.document
        guard let unit = document.unit, let input = stored.take(DescriptorStore.name("in", unit)),
            let output = stored.take(DescriptorStore.name("out", unit))
        else { throw AdoptionError("its pipes were not kept") }
        let streams = try streams(document)
        let launched = LaunchedBackend(
            child: try child(document), unit: unit, identifier: id, input: input.release(), output: output.release())
        launched.cgroup = UnitCgroup.path(ofProcess: document.pid)
        (registry.launcher as? ScopeLauncher)?.passOverEarlierShortages(above: launched)
        do {
            process = try BackendProcess(launched, backend: self, loop: registry.streams, inherited: streams)
        } catch {
            throw AdoptionError("\(error)")
        }
        startedAt = launched.started
        noticeKills()
        self.record = record
        adoptSleep(document.nap)
        if document.handed == nil, let owner = document.owner { expect(owner) }
        if !awaited.isEmpty { process?.pauseOutput() }
        let books = registry.predecessors?.streams(of: Identity(unit: unit))
        // Before ours are the only ones that say it: ids must not be given twice, whoever is killed next.
        process?.books?.note(lastID: max(books?.lastID ?? 0, multiplexer.lastRequestID))
        process?.books?.note(Unclaimed(of: multiplexer))
        try goOn(document, books)
        process?.books?.expect(multiplexer.requestsOfSessions)
        // Nothing has been sent yet: whoever comes after us finds either all as it was or all here.
        process?.books?.begin()
        registry.predecessors?.adopted(Identity(unit: unit))
        // A later crash must not bring today's state back.
        record.change { $0.handed = nil }
    }

    /// How far the conversation is: as it was handed over, or, after a crash, as far as the books know.
    private func streams(_ document: BackendDocument) throws(AdoptionError) -> InheritedStreams {
        if let handed = document.handed { return InheritedStreams(unsent: handed.unsent, unread: handed.unread) }
        guard document.isReady else { throw AdoptionError("it was starting") }
        if document.key.share == .session, ownersLoss(document)?.asksAgain != false {
            throw AdoptionError("the session that it belonged to is not known, or was shaking hands with it")
        }
        guard let unit = document.unit, let books = registry.predecessors?.streams(of: Identity(unit: unit)) else {
            throw AdoptionError("how far its input was written is not known")
        }
        var splitter = LineSplitter(limit: Int(configuration.clientLimits.messageSize))
        if books.inputIsMidLine { splitter.skipLine() }
        var offset = 0
        // Whole lines in it answer questions that nobody asks any more; what remains is the beginning of one.
        while splitter.next(in: books.unread.span, from: &offset) != nil {}
        return InheritedStreams(unsent: books.unsent + (books.outputIsMidLine ? [0x0A] : []), unread: splitter)
    }

    /// Its process, if that is still the one; or one that has ended, and has left what is in its pipe.
    private func child(_ document: BackendDocument) throws(AdoptionError) -> ChildProcess {
        if let child = try? ChildProcess(adopting: document.pid),
            ProcessTable.startTime(of: document.pid) == document.startTime,
            UnitCgroup.path(ofProcess: document.pid)?.hasSuffix("/" + (document.unit ?? "")) == true
        {
            return child
        }
        guard document.handed != nil else { throw AdoptionError("it has ended meanwhile") }
        do {
            return try ChildProcess(departed: document.pid)
        } catch {
            throw AdoptionError("\(error)")
        }
    }

    private func goOn(
        _ document: BackendDocument, _ books: LedgerReport.LostBackend?
    ) throws(AdoptionError) {
        if let handed = document.handed {
            perform(lifecycle.adopt(readySince: document.isReady ? document.readySince ?? registry.now : nil))
            if multiplexer.inFlight > 0 || !handed.unsent.isEmpty { wake() }
            return
        }
        expectsReturn = key.isMoved
        perform(lifecycle.adopt(readySince: document.readySince ?? registry.now))
        guard document.key.share != .session else { return goOnPrivately(document, books) }
        guard let snapshot = Snapshot(json: document.snapshot) else {
            throw AdoptionError("its handshake is not known")
        }
        multiplexer = Multiplexer(
            configuration: Backend.multiplexerConfiguration(key: key, configuration), snapshot: snapshot)
        var isAdopted = false
        let isAsleep = hibernation.phase == .asleep
        withMultiplexer { machine, now, actions in
            isAdopted = machine.backendAdopted(
                generation: document.generation, era: document.era, lastID: books?.lastID ?? 0, open: books?.open ?? [],
                isAsleep: isAsleep, now: now, into: &actions)
        }
        guard isAdopted else { throw AdoptionError("its handshake is not known") }
    }

    /// A backend of one session: what that one had under way is taken back.
    private func goOnPrivately(_ document: BackendDocument, _ books: LedgerReport.LostBackend?) {
        let open = ownersLoss(document)?.requests.map { RawToken($0.span, 0..<$0.count) } ?? []
        withMultiplexer { machine, _, actions in
            machine.privateBackendAdopted(
                generation: document.generation, era: document.era, lastID: books?.lastID ?? 0, open: open,
                asked: books?.asked ?? [], into: &actions)
        }
    }

    private func ownersLoss(_ document: BackendDocument) -> LedgerReport.LostSession? {
        document.owner.flatMap { Identity($0.identity) }.flatMap { registry.predecessors?.lost($0) }
    }
}
