// SPDX-License-Identifier: Apache-2.0

import MCPWire

@testable import Multiplexer

/// A client that keeps books on what it is owed, and complains about what it must not be sent.
struct RandomClient {
    struct Open {
        var token: String?
        /// It stays open until somebody ends it.
        var isListen = false
        var isAcknowledged = false
        /// Method and parameters, for a retry with what the client was asked.
        var request = ("", "")
    }

    let session: SessionID
    /// Whether it speaks revision 2026-07-28.
    let isModern: Bool
    private(set) var open: [String: Open] = [:]
    private(set) var complaints: [String] = []
    /// The tokens of calls that became tasks, under which progress goes on.
    private var taskTokens: Set<String> = []
    /// What the server asked, by the ids that its answers need; in the other era, the retries that answer.
    private var questions: [String] = []
    private var retries: [(method: String, params: String, state: String)] = []
    private var lastNumber = 0

    /// Its name in parameters; quotation marks as in JSON.
    var owner: String { "\"\(session)\"" }

    /// What it calls itself. A list that a server makes for one of this name is not for others.
    private var info: String { #""clientInfo":{"name":\#(owner),"version":"1"}"# }

    /// Whether it calls a tool before it answers a question.
    private let isThoughtful: Bool
    /// That call, and the question that it was made for.
    private var thought: (call: String, question: String)?

    init(session: SessionID, isModern: Bool = false, isThoughtful: Bool = false) {
        self.session = session
        self.isModern = isModern
        self.isThoughtful = isThoughtful
    }

    /// All clients use the same ids, numbers and strings, as they do in life.
    private mutating func makeID() -> String {
        lastNumber += 1
        return lastNumber % 3 == 0 ? "\"\(lastNumber)\"" : "\(lastNumber)"
    }

    /// A handshake; in the era that has none, what comes nearest.
    mutating func initialize() -> String {
        guard !isModern else { return request("server/discover", "\"a\":1") }
        open = [:]
        questions = []
        let id = makeID()
        open[id] = Open()
        let params = #"{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},\#(info)}"#
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"initialize","params":\#(params)}"#
    }

    /// What answers a question goes beside the parameters, and into no later retry.
    mutating func request(
        _ method: String, _ params: String, withToken: Bool = false, answering answers: String = ""
    ) -> String {
        let id = makeID()
        let token = withToken ? (lastNumber % 2 == 0 ? "\"t\(lastNumber)\"" : "\(lastNumber)") : nil
        open[id] = Open(token: token, isListen: method == "subscriptions/listen", request: (method, params))
        var meta = token.map { [#""progressToken":\#($0)"#] } ?? []
        if isModern {
            let capabilities = Modern.capabilities(#"{"sampling":{}}"#)
            meta += [Modern.version, capabilities, "\"io.modelcontextprotocol/\(info.dropFirst())"]
        }
        let added = meta.isEmpty ? [] : ["\"_meta\":{\(meta.joined(separator: ","))}"]
        let all = ([params, answers].filter { !$0.isEmpty } + added).joined(separator: ",")
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(all)}}"#
    }

    /// A request that nobody can answer.
    func withoutID(_ method: String, _ params: String) -> String {
        let meta = isModern ? ",\"_meta\":{\(Modern.version),\(Modern.capabilities("{}"))}" : ""
        return #"{"jsonrpc":"2.0","method":"\#(method)","params":{\#(params)\#(meta)}}"#
    }

    /// Answers one of the server's questions.
    mutating func answer(using generator: inout SeededGenerator) -> String? {
        if let index = questions.indices.randomElement(using: &generator) {
            let isThinking = thought.map { open[$0.call] != nil } ?? false
            if isThoughtful, thought?.question != questions[index], !isThinking { return think(of: questions[index]) }
            if isThinking, thought?.question == questions[index] { return nil }
            return #"{"jsonrpc":"2.0","id":\#(questions.remove(at: index)),"result":{"said":[\#(owner)]}}"#
        }
        guard let index = retries.indices.randomElement(using: &generator) else { return nil }
        let (method, params, state) = retries.remove(at: index)
        let answers = #""requestState":\#(state),"inputResponses":{"input-1":{"said":[\#(owner)]},"input-2":{}}"#
        return request(method, params, answering: answers)
    }

    private mutating func think(of question: String) -> String {
        let line = request("tools/call", "\"name\":\(owner)")
        thought = (lastNumber % 3 == 0 ? "\"\(lastNumber)\"" : "\(lastNumber)", question)
        return line
    }

    /// Takes back one of its requests. Those of `initialize` cannot be taken back.
    mutating func cancel(using generator: inout SeededGenerator) -> String? {
        let possible = open.filter { $0.value.request.0 != "server/discover" }
        guard let id = possible.keys.sorted().randomElement(using: &generator) else { return nil }
        open[id] = nil
        return #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
    }

    /// The supervisor that knew of them is gone, and its successor answers them from its table.
    mutating func forgetOpen() {
        open = [:]
        questions = []
    }

    /// Whether it waits for an answer that is due when no backend comes any more.
    var waits: Bool { open.values.contains { !$0.isListen || !$0.isAcknowledged } }

    mutating func receive(_ line: [UInt8]) {
        guard let envelope = try? Envelope(scanning: line.span) else { return complain("no message", line) }
        let text = String(decoding: line, as: UTF8.self)
        switch envelope.kind {
        case .response: receiveAnswer(line, envelope, text)
        case .request: questions.append(String(decoding: line[envelope.id], as: UTF8.self))
        default: receiveNotification(line, envelope)
        }
        // Whatever a session causes carries its name in an array.
        for part in text.split(separator: "[\"s", omittingEmptySubsequences: false).dropFirst()
        where !part.hasPrefix("\(session.raw)\"]") {
            complain("what another session caused", line)
        }
    }

    private mutating func receiveAnswer(_ line: [UInt8], _ envelope: Envelope, _ text: String) {
        let id = String(decoding: line[envelope.id], as: UTF8.self)
        guard let request = open.removeValue(forKey: id) else { return complain("an answer to no open request", line) }
        if let token = request.token, text.contains("\"task\":{") { taskTokens.insert(token) }
        guard text.contains("input_required"),
            let state = memberRange("requestState", in: line.span.extracting(envelope.result))
        else { return }
        let result = Array(line[envelope.result])
        retries.append((request.request.0, request.request.1, String(decoding: result[state], as: UTF8.self)))
    }

    private mutating func receiveNotification(_ line: [UInt8], _ envelope: Envelope) {
        if envelope.knownMethod == .progress {
            let token = String(decoding: line[envelope.params.progressToken.range], as: UTF8.self)
            if !taskTokens.contains(token), !open.values.contains(where: { $0.token == token }) {
                complain("progress of no open request", line)
            }
        } else if envelope.knownMethod == .cancelled {
            let id = String(decoding: line[envelope.params.requestID.range], as: UTF8.self)
            questions.removeAll { $0 == id }
        }
        guard envelope.params.subscriptionID.isPresent else { return }
        let id = String(decoding: line[envelope.params.subscriptionID.range], as: UTF8.self)
        guard open[id]?.isListen == true else { return complain("a message of no open listen", line) }
        open[id]?.isAcknowledged = true
    }

    private mutating func complain(_ what: String, _ line: [UInt8]) {
        complaints.append("\(session) got \(what): \(String(decoding: line, as: UTF8.self))")
    }
}
