// SPDX-License-Identifier: Apache-2.0

import Control
import Embedding
import Posix
import Systemd

/// Texts to vectors, for finding tools by meaning: queries at once, lists of tools in the background.
///
/// Where there is no engine file nothing here does anything, and tools are found without.
final class Embedder {
    /// Where its parts are.
    struct Places {
        /// mcp-embed; `nil` when it is not installed.
        var program: String?
        /// Engine files; the first that exists serves.
        var engines: [String]
        /// The directory of the vectors.
        var vectors: String
    }

    /// How long a query may wait for its vector. Starting the encoder takes some 20 ms of it.
    static let queryPatience: Int64 = 100
    /// How often in a row an encoder may be killed, or fail to start, before it is left alone for a while.
    static let patienceWithDeaths = 3
    /// Queries that may wait at the same time; more would only wait too long.
    static let queryLimit = 16
    /// How long the encoder of queries stays after the last one.
    static let idleTime: Int64 = 60_000

    private let places: Places
    private let patience: Int64
    private let rest: Int64
    private let idle: Int64
    private let loop: EventLoop
    private let streams: StreamLoop
    private let log: Log
    private let store: VectorStore
    private var engine: Result<EngineFile, EngineFault>?
    private var queries: EncoderProcess?
    private var queryIdle: EventSource?
    private var documents: EncoderProcess?
    private var jobs: [DocumentJob] = []
    private var isStepping = false
    /// Encoders that were killed or could not be started since one has answered.
    private var deaths = 0
    /// When an engine that could not be used for a while is tried again, in milliseconds of the monotonic clock.
    private var retryAt: Int64?
    /// How often in a row it was left alone.
    private var rests = 0
    /// Called when no list is left to do, and what was computed is on the disk.
    var documentsDone: () -> Void = {}

    /// - Parameters:
    ///   - patience: milliseconds that a query may wait for its vector.
    ///   - rest: milliseconds for which an engine is left alone that cannot be used just now; twice as long each time,
    ///     up to 64 times.
    ///   - idle: milliseconds after its last query for which an encoder is kept.
    init(
        places: Places, loop: EventLoop, streams: StreamLoop, log: Log, patience: Int64 = Embedder.queryPatience,
        rest: Int64 = 60_000, idle: Int64 = Embedder.idleTime
    ) {
        self.places = places
        self.patience = patience
        self.rest = rest
        self.idle = idle
        self.loop = loop
        self.streams = streams
        self.log = log
        store = VectorStore(directory: places.vectors, log: log)
    }

    /// The engine file that serves now; `nil` when there is none of use. Looks at the disk, so that one that was put
    /// there or replaced serves from then on.
    func currentEngine() -> EngineFile? {
        guard places.program != nil else { return nil }
        if let retryAt, Clock.monotonicMilliseconds() >= retryAt {
            self.retryAt = nil
            engine = nil
        }
        let found = EngineFile.find(in: places.engines, known: engine)
        let isNew = found != engine
        engine = found
        if isNew { stop() }
        switch found {
        case .success(let file): return file
        case .failure(let fault):
            if isNew { complain(fault) }
            return nil
        case nil: return nil
        }
    }

    /// What serves now.
    var status: SearchStatus {
        let file = currentEngine()
        var problem: String?
        if case .failure(let fault) = engine { problem = fault.reason }
        return SearchStatus(stage: file == nil ? .table : .engine, engine: file?.path, problem: problem)
    }

    private func complain(_ fault: EngineFault) {
        guard fault.isPassing else {
            return log.warning("\(fault.reason); tools are found without it (make engine builds it anew)")
        }
        let rest = rest << min(rests, 6)
        rests += 1
        retryAt = Clock.monotonicMilliseconds() + rest
        log.warning("\(fault.reason); tools are found without it, and it is tried again in \(rest / 1000) s")
    }

    private func failed(_ file: EngineFile, _ reason: String, isPassing: Bool = false) {
        let fault = file.fault(reason, isPassing: isPassing)
        engine = .failure(fault)
        complain(fault)
        stop()
    }

    /// Ends both encoders. Jobs under way are given up; what they had is kept.
    func stop() {
        queries?.stop()
        queries = nil
        for job in jobs { job.cancel() }
        documents?.stop()
        documents = nil
    }

    /// An encoder is gone. One that says why finds no better file the next time; one that was killed, or had not what it
    /// needs just then, is started again when it is needed: a few times, then after a while.
    private func died(_ file: EngineFile, _ words: String?) {
        if let words, !words.hasPrefix(EngineError.passingWords) { return failed(file, words) }
        lost(file, words ?? "mcp-embed was killed")
    }

    private func lost(_ file: EngineFile, _ reason: String) {
        deaths += 1
        guard deaths < Embedder.patienceWithDeaths else {
            let times = deaths
            deaths = 0
            return failed(file, "\(reason), \(times) times in a row", isPassing: true)
        }
        log.warning("\(reason); it is started again when it is needed")
    }

    private func start(
        _ file: EngineFile, _ options: [String], _ onDeath: @escaping (Embedder) -> Void
    ) -> EncoderProcess? {
        guard let program = places.program else { return nil }
        do {
            return try EncoderProcess(
                program: program, arguments: options + [file.path], loop: loop, streams: streams
            ) { [weak self] words in
                guard let self else { return }
                onDeath(self)
                died(file, words)
            }
        } catch {
            if error.isPassing { lost(file, "\(error)") } else { failed(file, "\(error)") }
            return nil
        }
    }
}

// Queries.
extension Embedder {
    /// The vector of a query, of length 1, within the patience; `nil` when there is none to be had.
    func encode(query: String, then: @escaping ([Float]?) -> Void) {
        guard let file = currentEngine() else { return then(nil) }
        if queries == nil { queries = start(file, []) { $0.queries = nil } }
        guard let queries, queries.pending < Embedder.queryLimit else { return then(nil) }
        let answer = OneAnswer(then)
        answer.deadline = try? loop.timer(afterMicroseconds: UInt64(patience) * 1000) {
            answer.give(nil)
        }
        queries.encode(query) { [weak self] vector in
            if vector != nil { self?.worked() }
            answer.give(vector)
        }
        restartIdleClock()
    }

    private func worked() {
        deaths = 0
        rests = 0
    }

    private func restartIdleClock() {
        let idle = UInt64(idle) * 1000
        if let queryIdle, (try? queryIdle.rearm(afterMicroseconds: idle)) != nil { return }
        queryIdle = try? loop.timer(afterMicroseconds: idle, accuracyMicroseconds: idle / 12) {
            [weak self] in
            self?.queries?.stop()
            self?.queries = nil
        }
    }
}

// Documents.
extension Embedder {
    /// Computes the vectors of a list of documents in the background: of each the sum of its texts' vectors, brought to
    /// length 1.
    ///
    /// - Parameters:
    ///   - count: how many documents there are.
    ///   - texts: the texts of the document at a position, asked for when its turn comes.
    ///   - deliver: called for each document when its vector is there, by its position; never before this returns.
    ///     Documents whose vectors were kept from before come within as many turns of the loop.
    /// - Returns: the job, to cancel it by; `nil` when there is no engine.
    @discardableResult
    func encode(
        documents count: Int, of server: String, texts: @escaping (Int) -> [String],
        then deliver: @escaping (_ position: Int, _ vector: [Float]) -> Void
    ) -> DocumentJob? {
        guard let file = currentEngine() else { return nil }
        let job = DocumentJob(
            server: server, model: file.model, count: count, texts: texts, older: { [store] in store.load(server) },
            deliver: deliver)
        jobs.append(job)
        stepLater()
        return job
    }

    private func stepLater() {
        guard !isStepping else { return }
        isStepping = true
        loop.afterDispatch { [weak self] in
            self?.isStepping = false
            self?.step()
        }
    }

    private func step() {
        guard let job = jobs.first else { return endDocuments() }
        let step = job.step(
            encode: { text, then in
                guard let encoder = documentEncoder() else { return then(nil) }
                encoder.encode(text, then: then)
            },
            changed: { [weak self] in self?.stepLater() })
        switch step {
        case .again: stepLater()
        case .waiting: break
        case .done:
            jobs.removeFirst()
            if job.computed > 0 { store.store(job.kept, for: job.server) }
            job.release()
            stepLater()
        }
    }

    /// Leaves the processor to everybody else.
    private func documentEncoder() -> EncoderProcess? {
        if documents == nil, let file = currentEngine() { documents = start(file, ["--nice"]) { $0.documents = nil } }
        return documents
    }

    private func endDocuments() {
        documents?.stop()
        documents = nil
        documentsDone()
    }
}

/// An answer that is given once, by whoever comes first.
private final class OneAnswer {
    private var then: (([Float]?) -> Void)?
    var deadline: EventSource?

    init(_ then: @escaping ([Float]?) -> Void) { self.then = then }

    func give(_ vector: [Float]?) {
        deadline?.cancel()
        deadline = nil
        guard let then else { return }
        self.then = nil
        then(vector)
    }
}
