// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// A client that has its server to itself, whose process dies at any time, and calls of mcpctl beside it: each request
/// gets one answer, no answer reaches a process that did not ask, and each new process is told what the client said.
struct RandomRelay {
    private var generator: SeededGenerator
    private var mux: Multiplexer
    private var process = RelayProcess()
    private var startWanted = false
    private var generation = 0
    private var lastID = 0
    /// What the client waits for, and ids that it used twice: each may be answered twice, and is owed one answer.
    private var open: Set<String> = []
    private var repeated: Set<String> = []
    /// The server's questions, by the id that the client knows them by, with the process that asked.
    private var questions: [String: Int] = [:]
    private var subscribed: Set<String> = []
    private var calls: Set<UInt64> = []
    private var lastCall: UInt64 = 0
    private(set) var complaints: [String] = []

    private static var configuration: MultiplexerConfiguration {
        var configuration = MultiplexerConfiguration()
        configuration.isPrivate = true
        return configuration
    }

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        mux = Multiplexer(configuration: Self.configuration, snapshot: nil)
        give { $0.open(1, resume: nil, now: $1, into: &$2) }
        open.insert("\"init\"")
        client(Bench.initialize())
        start()
        answer()
        if seed % 3 == 0 { end(willRestart: true) }
        client(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<25: request("tools/call", "\"name\":\"t\"")
        case 25..<30: repeatID()
        case 30..<38: subscribe()
        case 38..<70: answer()
        case 70..<77: ask()
        case 77..<83: answerQuestion()
        case 83..<90: call()
        case 90..<93: end(willRestart: Bool.random(using: &generator))
        case 93: handOver()
        default: if startWanted { start() }
        }
        let sent = mux.sessions[1]?.requests.values.count { if case .sent = $0 { true } else { false } }
        if sent != mux.sessions[1]?.inFlight { complaints.append("\(sent ?? 0) sent, another number counted") }
        if mux.needsBackend, !startWanted, !process.isRunning { complaints.append("waits for a start nobody wants") }
    }

    mutating func finish() {
        end(willRestart: false)
        if !open.isEmpty { complaints.append("the client waits for \(open.sorted())") }
        start()
        call()
        give { $0.close(1, now: $1, into: &$2) }
        if !calls.isEmpty { complaints.append("mcpctl waits for \(calls.sorted())") }
        if mux.inFlight != 0 { complaints.append("\(mux.inFlight) are under way when all are gone") }
    }

    // MARK: - What happens

    private mutating func request(_ method: String, _ params: String) {
        lastID += 1
        open.insert("\(lastID)")
        client(#"{"jsonrpc":"2.0","id":\#(lastID),"method":"\#(method)","params":{\#(params)}}"#)
    }

    private mutating func repeatID() {
        guard let id = open.sorted().randomElement(using: &generator) else { return }
        repeated.insert(id)
        client(#"{"jsonrpc":"2.0","id":\#(id),"method":"prompts/list"}"#)
    }

    private mutating func subscribe() {
        let uri = "x:\(Int.random(in: 0..<4, using: &generator))"
        if subscribed.remove(uri) == nil {
            subscribed.insert(uri)
            request("resources/subscribe", "\"uri\":\"\(uri)\"")
        } else {
            request("resources/unsubscribe", "\"uri\":\"\(uri)\"")
        }
    }

    private mutating func answer() {
        guard let id = process.open.randomElement(using: &generator) else { return }
        process.open.removeAll { $0 == id }
        let result = id.contains("init") || id == process.handshake ? Bench.initializeResult : "{}"
        backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#)
    }

    private mutating func ask() {
        guard process.isRunning, process.isInitialized else { return }
        process.lastQuestion += 1
        process.questions.insert("\(process.lastQuestion)")
        let params = "\"process\":\(generation)"
        backend(#"{"jsonrpc":"2.0","id":\#(process.lastQuestion),"method":"roots/list","params":{\#(params)}}"#)
    }

    private mutating func answerQuestion() {
        guard let (id, asker) = questions.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else {
            return
        }
        questions[id] = nil
        client(#"{"jsonrpc":"2.0","id":\#(id),"result":{"process":\#(asker)}}"#)
    }

    private mutating func call() {
        lastCall += 1
        calls.insert(lastCall)
        let token = lastCall
        give { $0.call(tool: "t", arguments: nil, token: token, now: $1, into: &$2) }
    }

    private mutating func start() {
        startWanted = false
        generation += 1
        process = RelayProcess()
        process.isRunning = true
        let generation = generation
        give { $0.backendStarted(generation: generation, now: $1, into: &$2) }
        if process.lines.count != 1 || !process.lines[0].contains("\"initialize\"") {
            complaints.append("a process was told \(process.lines) at first")
        }
        // It answers at once, but for the client's own handshake.
        guard let handshake = process.handshake else { return }
        process.open.removeAll { $0 == handshake }
        backend(#"{"jsonrpc":"2.0","id":\#(handshake),"result":\#(Bench.initializeResult)}"#)
        if process.isInitialized, process.subscribed != subscribed, open.isEmpty {
            complaints.append("a process knows of \(process.subscribed), the client of \(subscribed)")
        }
    }

    private mutating func end(willRestart: Bool) {
        process = RelayProcess()
        startWanted = false
        let end = BackendEnd(message: "gone", reason: "backend_exit", willRestart: willRestart)
        give { $0.backendEnded(end, now: $1, into: &$2) }
    }

    private mutating func handOver() {
        do {
            mux = try Multiplexer(restoring: mux.encoded(), configuration: Self.configuration)
        } catch {
            complaints.append("\(error)")
        }
    }

    // MARK: - The machine

    private mutating func client(_ line: String) {
        give { $0.receive(Array(line.utf8).span, from: 1, now: $1, into: &$2) }
    }

    private mutating func backend(_ line: String) {
        guard process.isRunning else { return }
        give { $0.receiveFromBackend(Array(line.utf8).span, now: $1, into: &$2) }
    }

    private mutating func give(_ event: (inout Multiplexer, Int64, inout Actions) -> Void) {
        var actions = Actions()
        event(&mux, 0, &actions)
        for action in actions.list {
            switch action {
            case .toBackend(_, let range):
                complaints += process.receive(String(decoding: actions.bytes[range], as: UTF8.self), generation)
            case .toSession(_, let range): reachedClient(Array(actions.bytes[range].dropLast()))
            case .reply(let token, _):
                if calls.remove(token) == nil { complaints.append("mcpctl's \(token) is answered twice") }
            case .startBackend: startWanted = true
            default: break
            }
        }
    }

    private mutating func reachedClient(_ line: [UInt8]) {
        guard let message = try? JSONValue(parsing: line), let id = message["id"]?.text else { return }
        if message["method"] != nil {
            if questions[id] != nil { complaints.append("the client is asked \(id) twice") }
            questions[id] = message["params"]?["process"]?.intValue.map(Int.init)
        } else if open.remove(id) == nil, !repeated.contains(id) {
            complaints.append("\(id) is answered, and not owed")
        }
    }
}

/// A server's process, and what it was told.
private struct RelayProcess {
    var isRunning = false
    var isInitialized = false
    var lines: [String] = []
    var open: [String] = []
    /// The id of the handshake that it is told again.
    var handshake: String?
    var questions: Set<String> = []
    var lastQuestion = 0
    var subscribed: Set<String> = []

    /// - Returns: complaints.
    mutating func receive(_ line: String, _ generation: Int) -> [String] {
        lines.append(line)
        guard isRunning else { return ["a line for no process: \(line)"] }
        guard let message = try? JSONValue(parsing: line) else { return ["no message: \(line)"] }
        guard let method = message["method"]?.stringValue else {
            guard let id = message["id"]?.text, questions.remove(id) != nil else { return ["not asked: \(line)"] }
            return message["result"]?["process"]?.intValue == Int64(generation) ? [] : ["another's answer: \(line)"]
        }
        if method == "notifications/initialized" {
            defer { isInitialized = true }
            return isInitialized ? ["initialized twice"] : []
        }
        guard let id = message["id"]?.text else { return [] }
        if method == "initialize", id.contains(Relay.idPrefix) { handshake = id }
        if let uri = message["params"]?["uri"]?.stringValue {
            if method == "resources/subscribe" { subscribed.insert(uri) } else { subscribed.remove(uri) }
        }
        open.append(id)
        return []
    }
}

@Suite struct RandomRelayTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func everyRequestIsAnsweredAndEveryProcessIsToldWhatTheClientSaid(seed: UInt64) {
        var schedule = RandomRelay(seed: seed)
        for step in 0..<600 {
            schedule.step()
            guard schedule.complaints.isEmpty else {
                Issue.record("seed \(seed), step \(step): \(schedule.complaints[0])")
                return
            }
        }
        schedule.finish()
        #expect(schedule.complaints == [], "seed \(seed)")
    }
}
