// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a server may ask a client, and the capability that a client declares for it.
enum ClientFeature: String, Sendable, Codable, CaseIterable {
    case roots
    case sampling
    case elicitation

    init?(_ method: Method?) {
        switch method {
        case .rootsList: self = .roots
        case .createMessage: self = .sampling
        case .elicit: self = .elicitation
        default: return nil
        }
    }

    /// Whether these capabilities, as the client wrote them, have it.
    func isDeclared(in capabilities: [UInt8]) -> Bool { memberRange(rawValue, in: capabilities.span) != nil }
}

/// A request of ours that is at a client.
struct ClientQuestion: Sendable, Codable {
    enum Origin: Sendable, Codable {
        /// One of the questions of a round: the round's number and the question's key in it.
        case round(UInt64, key: String)
        /// A request of the backend: its own id for it, as it wrote it.
        case backend(id: [UInt8], feature: ClientFeature)
        /// For its roots, by us.
        case roots
    }

    let session: SessionID
    let origin: Origin
    /// The open calls that a question of the backend may be about.
    var calls: [UInt64] = []
    /// The backend's own token, to be put back into the client's progress notifications.
    var progressToken: RawToken?
}

/// The questions at clients, by the id that we gave them. Clients never see an id twice, whatever backend asked.
struct QuestionTable: Sendable, Codable {
    private(set) var entries: [UInt64: ClientQuestion] = [:]
    private var lastID: UInt64 = 0

    /// What the next question will be called.
    var nextID: UInt64 { lastID + 1 }

    /// Ids up to this one may have been given by another machine.
    mutating func skip(to id: UInt64) { lastID = max(lastID, id) }

    mutating func insert(_ question: ClientQuestion) -> UInt64 {
        lastID += 1
        entries[lastID] = question
        return lastID
    }

    /// Those that the backend asked, in the order they were asked.
    var ofBackend: [(id: UInt64, question: ClientQuestion)] {
        entries.filter { entry in
            if case .backend = entry.value.origin { true } else { false }
        }.sorted { $0.key < $1.key }.map { (id: $0.key, question: $0.value) }
    }

    /// The call is over: takes out those of the backend's that can be about no other.
    mutating func removeThose(onlyOf call: UInt64) -> [(id: UInt64, question: ClientQuestion)] {
        guard !entries.isEmpty else { return [] }
        var orphans: [(id: UInt64, question: ClientQuestion)] = []
        for (id, question) in ofBackend where question.calls.contains(call) {
            entries[id]?.calls.removeAll { $0 == call }
            guard question.calls.count == 1 else { continue }
            entries[id] = nil
            orphans.append((id, question))
        }
        return orphans
    }

    mutating func remove(_ id: UInt64) -> ClientQuestion? { entries.removeValue(forKey: id) }
}

extension Multiplexer {
    /// Bytes of a question that are not its parameters, generously.
    var questionOverhead: Int { 256 }

    /// Asks a client. The parameters leave as the server wrote them.
    mutating func ask(
        _ question: ClientQuestion, method: String, params: [UInt8], _ actions: inout Actions
    ) -> UInt64 {
        let id = questions.insert(question)
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":")
        writeJSONString(method, to: &actions.bytes)
        if !params.isEmpty {
            actions.write(",\"params\":")
            actions.bytes.append(contentsOf: params)
        }
        actions.write("}")
        actions.sendToSession(question.session, from: start)
        return id
    }

    /// Takes a question back.
    mutating func withdraw(_ id: UInt64, _ actions: inout Actions) {
        guard let question = questions.remove(id) else { return }
        tellWithdrawn(id, question, &actions)
    }

    func tellWithdrawn(_ id: UInt64, _ question: ClientQuestion, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\(id)}}")
        actions.sendToSession(question.session, from: start)
    }

    /// A client answers. Only its own questions are its to answer.
    mutating func handleClientResponse(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, now: Int64,
        _ actions: inout Actions
    ) {
        guard let id = ownID(line, envelope.id), questions.entries[id]?.session == session,
            let question = questions.remove(id)
        else {
            return actions.log(.debug, "session \(session): a response to no question of ours, ignoring")
        }
        switch question.origin {
        case .round(let number, let key): finishQuestion(number, key, line, envelope, now: now, &actions)
        case .backend(let id, _): passAnswer(line, envelope, to: id, &actions)
        case .roots: learnRoots(line, envelope, of: session, &actions)
        }
    }
}
