// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// A small generator (xorshift), so that a failure's seed repeats it.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        // Neighbouring seeds must not give neighbouring schedules.
        state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// A backend that answers in any order or never, and complains about what a multiplexer must not do (protocol.md §2.11).
protocol RandomServer {
    var isRunning: Bool { get }
    /// Whether it is asked nothing just now.
    var isQuiet: Bool { get }
    var complaints: [String] { get }
    /// Whether it goes on with a call only when its question is answered, and ends no stream by itself.
    var isPatient: Bool { get set }

    mutating func start()
    mutating func stop()
    mutating func receive(_ line: [UInt8])
    /// It stops what was cancelled, as the revisions want it to.
    mutating func stopCancelled()
    /// Something that it may say now; nil when there is nothing.
    mutating func speak(using generator: inout SeededGenerator) -> String?
}

extension RandomServer {
    func notification(_ method: String, _ params: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/\#(method)","params":{\#(params)}}"#
    }
}

/// One of the handshake era.
struct RandomBackend: RandomServer {
    struct Open {
        let id: String
        let method: String
        /// The session that it is for, as the client wrote it into the parameters; empty for the machine's own.
        let owner: String
        let token: String?
        var task = ""
        var wantsTask = false
    }

    private(set) var open: [Open] = []
    var isQuiet: Bool { open.isEmpty }
    private(set) var isRunning = false
    private(set) var subscribed: Set<String> = []
    private(set) var complaints: [String] = []
    var tasks = RandomTasks()
    private var asked: Set<String> = []
    private var cancelled: Set<String> = []
    private var lastID: Int64 = 0
    private var linesOfThisProcess = 0
    /// Goes up when the lists change.
    var listVersion = 0
    /// Questions that were asked; the number of the last is its id.
    var questions = 0
    var isPatient = false
    /// The requests that wait for what a client says, by the question's id.
    var unanswered: [String: String] = [:]

    mutating func start() {
        isRunning = true
        linesOfThisProcess = 0
    }

    mutating func stop() {
        isRunning = false
        open = []
        asked = []
        unanswered = [:]
        subscribed = []
        tasks = RandomTasks()
    }

    mutating func stopCancelled() {
        open.removeAll { cancelled.contains($0.id) }
        for request in open where request.method == "tasks/cancel" { tasks.end(request.task) }
    }

    mutating func receive(_ line: [UInt8]) {
        guard let envelope = try? Envelope(scanning: line.span) else { return complain("no message", line) }
        if !isRunning { complain("a message without a process", line) }
        linesOfThisProcess += 1
        if let method = envelope.knownMethod, method.isNotification != (envelope.kind == .notification) {
            complain("a notification with an id, or a request without one", line)
        }
        if envelope.knownMethod == .cancelled { cancelled.insert(text(line, envelope.params.requestID.range)) }
        if (envelope.knownMethod == .initialize) != (linesOfThisProcess == 1) {
            complain("initialize out of place", line)
        }
        let id = text(line, envelope.id)
        if envelope.kind == .response { unanswered[id] = nil }
        guard envelope.kind == .request else { return }
        guard let number = Int64(id), number > lastID else { return complain("an id that does not rise", line) }
        lastID = number
        let task = memberRange("taskId", in: line.span.extracting(envelope.params.range))
        let token = envelope.params.metaProgressToken
        if token.isPresent, text(line, token.range) != id { complain("a token that is not the id", line) }
        noteSubscription(envelope, line)
        open.append(
            Open(
                id: id, method: text(line, envelope.method),
                owner: envelope.params.name.isPresent ? text(line, envelope.params.name.range) : "",
                token: token.isPresent ? id : nil,
                task: task.flatMap { String(token: $0, of: line.span.extracting(envelope.params.range)) } ?? "",
                wantsTask: envelope.params.task.isPresent))
    }

    private mutating func noteSubscription(_ envelope: Envelope, _ line: [UInt8]) {
        guard envelope.knownMethod == .resourcesSubscribe || envelope.knownMethod == .resourcesUnsubscribe else {
            return
        }
        let uri = text(line, envelope.params.uri.range)
        if !asked.insert(uri).inserted { complain("two questions about one resource", line) }
        let isSubscribe = envelope.knownMethod == .resourcesSubscribe
        if subscribed.contains(uri) == isSubscribe { complain("a subscription that is so already", line) }
        if isSubscribe { subscribed.insert(uri) } else { subscribed.remove(uri) }
        uriOfRequest[text(line, envelope.id)] = uri
    }

    private var uriOfRequest: [String: String] = [:]

    /// Answers one of the open requests; nil when there is none.
    mutating func answer(using generator: inout SeededGenerator) -> String? {
        let waiting = isPatient ? Set(unanswered.values) : []
        let due = open.indices.filter { !waiting.contains(open[$0].id) }
        guard let index = due.randomElement(using: &generator) else { return nil }
        let request = open.remove(at: index)
        if let uri = uriOfRequest.removeValue(forKey: request.id) { asked.remove(uri) }
        let start = #"{"jsonrpc":"2.0","id":\#(request.id),"#
        if request.method == "initialize" { return start + #""result":\#(Bench.initializeResult)}"# }
        if request.method.hasPrefix("tasks/") { return start + tasks.answer(request.method, request.task) + "}" }
        if request.wantsTask, let made = tasks.begin(owner: request.owner, token: request.token) {
            return start + "\"result\":\(made)}"
        }
        if request.method.hasSuffix("/list") { return start + #""result":{"tools":[],"version":\#(listVersion)}}"# }
        guard !request.owner.isEmpty, Bool.random(using: &generator) else {
            return start + #""result":{"for":[\#(request.owner)]}}"#
        }
        return start + #""error":{"code":1,"message":[\#(request.owner)]}}"#
    }

    private mutating func complain(_ what: String, _ line: [UInt8]) {
        complaints.append("\(what): \(String(decoding: line, as: UTF8.self))")
    }

    private func text(_ line: [UInt8], _ range: Range<Int>) -> String { String(decoding: line[range], as: UTF8.self) }
}
