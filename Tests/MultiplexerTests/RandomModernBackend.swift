// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// One of the stateless era: it asks by `input_required`, tells on streams, and lists by who asks.
struct RandomModernBackend: RandomServer {
    private struct Open {
        let id: String
        let method: String
        /// As in `RandomBackend`.
        let owner: String
        let asker: String
        let hasToken: Bool
        /// Whether its client can be asked.
        let mayAsk: Bool
    }

    private struct Stream {
        let id: String
        let filter: String
        var isAcknowledged = false
    }

    var isPatient = false
    private var open: [Open] = []
    private var cancelled: Set<String> = []
    private var streams: [Stream] = []
    private(set) var isRunning = false
    private(set) var complaints: [String] = []
    /// Whose call each state was given for, that a retry brings back.
    private var states: [String: String] = [:]
    private var lastID: Int64 = 0
    private var linesOfThisProcess = 0
    private var listVersion = 0
    /// What only the other era has.
    private static let removed: Set<Method> = [
        .initialize, .ping, .setLevel, .resourcesSubscribe, .resourcesUnsubscribe, .initialized,
    ]

    var isQuiet: Bool { open.isEmpty }

    mutating func start() {
        isRunning = true
        linesOfThisProcess = 0
    }

    mutating func stop() {
        isRunning = false
        open = []
        streams = []
    }

    mutating func stopCancelled() { open.removeAll { cancelled.contains($0.id) } }

    // MARK: - What it is told

    mutating func receive(_ line: [UInt8]) {
        guard let envelope = try? Envelope(scanning: line.span) else { return complain("no message", line) }
        if !isRunning { complain("a message without a process", line) }
        linesOfThisProcess += 1
        if linesOfThisProcess == 1, envelope.knownMethod != .discover { complain("no discovery first", line) }
        if let method = envelope.knownMethod, Self.removed.contains(method) { complain("the other era's words", line) }
        if envelope.knownMethod == .cancelled {
            let id = text(line, envelope.params.requestID.range)
            // The answer to a request may be on its way; a stream just ends.
            streams.removeAll { $0.id == id }
            cancelled.insert(id)
        }
        if let method = envelope.knownMethod, method.isNotification != (envelope.kind == .notification) {
            complain("a notification with an id, or a request without one", line)
        }
        if envelope.kind == .request { receiveRequest(line, envelope) }
    }

    private mutating func receiveRequest(_ line: [UInt8], _ envelope: Envelope) {
        let id = text(line, envelope.id)
        guard let number = Int64(id), number > lastID else { return complain("an id that does not rise", line) }
        lastID = number
        guard let params = try? JSONValue(parsing: line.span.extracting(envelope.params.range)),
            let meta = params["_meta"], meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28",
            let capabilities = meta["io.modelcontextprotocol/clientCapabilities"]
        else { return complain("a request that does not say who asks", line) }
        let token = envelope.params.metaProgressToken
        if token.isPresent, text(line, token.range) != id { complain("a token that is not the id", line) }
        if envelope.knownMethod == .subscriptionsListen {
            return streams.append(Stream(id: id, filter: params["notifications"]?.text ?? "{}"))
        }
        let owner = params["name"]?.stringValue ?? ""
        checkRetry(line, params, owner)
        open.append(
            Open(
                id: id, method: text(line, envelope.method), owner: owner,
                asker: meta["io.modelcontextprotocol/clientInfo"]?["name"]?.stringValue ?? "",
                hasToken: token.isPresent, mayAsk: capabilities["sampling"] != nil))
    }

    /// What comes back in a second request is what this caller was given, and what this caller said.
    private mutating func checkRetry(_ line: [UInt8], _ params: JSONValue, _ owner: String) {
        guard let state = params["requestState"]?.stringValue else { return }
        if let first = states[state], first != owner { complain("another's state", line) }
        for part in (params["inputResponses"]?.text ?? "").split(separator: "[\"s").dropFirst()
        where !part.hasPrefix("\(owner.dropFirst())\"]") {
            complain("another's answer", line)
        }
    }

    private mutating func complain(_ what: String, _ line: [UInt8]) {
        complaints.append("\(what): \(String(decoding: line, as: UTF8.self))")
    }

    private func text(_ line: [UInt8], _ range: Range<Int>) -> String { String(decoding: line[range], as: UTF8.self) }

    // MARK: - What it says

    mutating func speak(using generator: inout SeededGenerator) -> String? {
        let subject = open.randomElement(using: &generator)
        switch Int.random(in: 0..<24, using: &generator) {
        case 0..<14: return answer(using: &generator)
        case 14..<16:
            guard let subject, subject.hasToken else { return nil }
            return notification("progress", "\"progressToken\":\(subject.id),\"message\":[\"\(subject.owner)\"]")
        case 16:
            guard let subject, !subject.owner.isEmpty else { return nil }
            return notification("message", "\"level\":\"error\",\"data\":[\"\(subject.owner)\"]")
        default: return streamLine(using: &generator)
        }
    }

    private mutating func answer(using generator: inout SeededGenerator) -> String? {
        guard let index = open.indices.randomElement(using: &generator) else { return nil }
        let request = open.remove(at: index)
        let start = #"{"jsonrpc":"2.0","id":\#(request.id),"#
        if request.method == "server/discover" { return start + "\"result\":\(Modern.discover)}" }
        if request.method.hasSuffix("/list") {
            return start + "\"result\":{\(list(for: request.asker, using: &generator))}}"
        }
        let owner = request.owner.isEmpty ? "" : ",\"for\":[\"\(request.owner)\"]"
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return start + "\"error\":{\"code\":1,\"message\":\"no\"\(owner.replacing("for", with: "data"))}}"
        case 1..<4 where request.mayAsk && !request.owner.isEmpty:
            return start + "\"result\":{\(demand(of: request.owner, using: &generator))}}"
        default: return start + "\"result\":{\(Modern.complete)\(owner)}}"
        }
    }

    private func list(for asker: String, using generator: inout SeededGenerator) -> String {
        let isPublic = Bool.random(using: &generator)
        let owner = isPublic || !asker.hasPrefix("s") ? "" : ",\"for\":[\"\(asker)\"]"
        let lifetime = [0, 100, 100_000].randomElement(using: &generator) ?? 0
        let caching = "\"ttlMs\":\(lifetime),\"cacheScope\":\"\(isPublic ? "public" : "private")\""
        return "\"tools\":[],\"version\":\(listVersion),\(Modern.complete),\(caching)\(owner)"
    }

    /// A question, or the wish to be asked again.
    private mutating func demand(of owner: String, using generator: inout SeededGenerator) -> String {
        // Those of earlier processes may come back.
        let state = "state \(UInt64.random(in: 0..<1 << 53, using: &generator))"
        states[state] = owner
        let question = #"{"method":"sampling/createMessage","params":{"about":["\#(owner)"]}}"#
        let number = Int.random(in: 0..<3, using: &generator)
        let questions = (0..<number).map { "\"input-\($0 + 1)\":\(question)" }.joined(separator: ",")
        let asked = number == 0 ? "" : ",\"inputRequests\":{\(questions)}"
        return "\"resultType\":\"input_required\",\"requestState\":\"\(state)\"\(asked)"
    }

    private mutating func streamLine(using generator: inout SeededGenerator) -> String? {
        guard let index = streams.indices.randomElement(using: &generator) else { return nil }
        let stream = streams[index]
        let tag = Modern.tag(stream.id)
        guard stream.isAcknowledged else {
            streams[index].isAcknowledged = true
            // It may tell of less than it was asked for.
            let granted = Int.random(in: 0..<6, using: &generator) == 0 ? "{}" : stream.filter
            return notification("subscriptions/acknowledged", "\(tag),\"notifications\":\(granted)")
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return isPatient ? nil : end(of: stream, at: index, using: &generator)
        case 1..<4 where stream.filter.contains("tools"):
            listVersion += 1
            return notification("tools/list_changed", tag)
        default:
            guard let uri = (0..<3).map({ "file:///\($0)" }).first(where: stream.filter.contains) else { return nil }
            return notification("resources/updated", "\(tag),\"uri\":\"\(uri)\"")
        }
    }

    private mutating func end(
        of stream: Stream, at index: Int, using generator: inout SeededGenerator
    ) -> String {
        streams.remove(at: index)
        let start = #"{"jsonrpc":"2.0","id":\#(stream.id),"#
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: return notification("cancelled", "\"requestId\":\(stream.id)")
        case 1: return start + #""error":{"code":-1,"message":"no more"}}"#
        default: return start + "\"result\":{\(Modern.complete),\(Modern.tag(stream.id))}}"
        }
    }
}
