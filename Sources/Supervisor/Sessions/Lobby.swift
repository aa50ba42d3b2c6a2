// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// A session before its repository is known: it shakes hands, asks the client for its roots, and keeps what comes.
///
/// A machine like the others: lines in, steps out. What cannot be placed at all stays here, and every call is answered
/// with what to add to the client's configuration: a failing handshake would be invisible to most users.
struct Lobby {
    enum Step: Equatable {
        /// Send this line to the client.
        case send([UInt8])
        /// The repository is this directory, or lies around it; ``held`` has what is to be done there.
        case bind(directory: String)
    }

    enum State: Equatable {
        case expectingRoots, asked
        case refused(String)
    }

    /// A line for the backend, and the requests in it.
    struct Waiting {
        let line: [UInt8]
        let ids: [RawToken]
    }

    static let rootsID = "mcp-supervisor-roots"
    /// Bytes that are kept for the backend.
    private static let capacity = 4 << 20

    let server: String
    /// Why the session cannot be placed, when that is known from the beginning.
    private let refusal: String?
    /// What the server said of itself when it ran for another repository.
    private let promise: ServerPromise?
    private(set) var state: State
    /// What the client was answered with; nil before its handshake.
    private(set) var revision: String?
    private var clientHasRoots = false
    private var isInitialized = false
    /// Times that the client was asked: once for each handshake.
    private var questions = 0
    /// The first of this handshake.
    private var firstQuestion = 1
    private(set) var waiting: [Waiting] = []

    init(server: String, refusal: String?, promise: ServerPromise? = nil) {
        self.server = server
        self.refusal = refusal
        self.promise = promise
        state = refusal.map { .refused($0) } ?? .expectingRoots
    }

    /// The client's lines for the backend, in order, the handshake first.
    var held: [[UInt8]] { waiting.map(\.line) }

    /// Whether the client owes us its roots.
    var isAsking: Bool { state == .asked }

    mutating func receive(_ line: [UInt8]) -> [Step] {
        guard let envelope = try? Envelope(scanning: line.span) else { return receiveBatch(line) }
        switch envelope.kind {
        case .request: return receiveRequest(line, envelope)
        case .notification: return receiveNotification(line, envelope)
        case .response: return receiveAnswer(line, envelope)
        case .invalid: return [complaint(line.span, envelope)].compactMap(\.self).map(Self.line)
        }
    }

    private mutating func receiveRequest(_ line: [UInt8], _ envelope: Envelope) -> [Step] {
        let id = RawToken(line.span, envelope.id)
        if let answer = early(line.span, envelope) { return [Self.line(answer)] }
        if envelope.knownMethod == .initialize { return initialize(line, envelope) }
        guard !isHeld(id) else {
            return [Self.line(Self.error(id, -32600, "Invalid request: a request with this id is in flight"))]
        }
        return place(Waiting(line: line, ids: [id]))
    }

    private mutating func initialize(_ line: [UInt8], _ envelope: Envelope) -> [Step] {
        waiting = []
        hold(Waiting(line: line, ids: []))
        isInitialized = false
        firstQuestion = questions + 1
        state = refusal.map { .refused($0) } ?? .expectingRoots
        let params = try? JSONValue(parsing: line.span.extracting(envelope.params.range))
        clientHasRoots = params?["capabilities"]?["roots"] != nil
        let version = Multiplexer.revision(for: params?["protocolVersion"]?.stringValue)
        revision = version
        var result = JSONObject()
        result["protocolVersion"] = .string(version)
        result["capabilities"] = promise?.capabilities ?? ["tools": ["listChanged": true]]
        result["serverInfo"] = promise?.serverInfo ?? ["name": .string(server), "version": "unknown"]
        if case .refused(let reason) = state { result["instructions"] = .string(reason) }
        return [Self.line(Self.answer(RawToken(line.span, envelope.id), .object(result)))]
    }

    private mutating func receiveNotification(_ line: [UInt8], _ envelope: Envelope) -> [Step] {
        guard revision != nil, !isRefused else { return [] }
        switch envelope.knownMethod {
        case .initialized:
            guard !isInitialized else { return [] }
            isInitialized = true
            hold(Waiting(line: line, ids: []))
            return ask()
        case .cancelled where takeBack(RawToken(line.span, envelope.params.requestID.range)): return []
        default:
            if hasRoom(for: line) { hold(Waiting(line: line, ids: [])) }
            return []
        }
    }

    /// For the backend, once there is one. A client that wants something has shaken hands, whether it says so or not.
    mutating func place(_ lines: Waiting) -> [Step] {
        if case .refused(let reason) = state { return refusals(lines, reason) }
        guard hasRoom(for: lines.line) else {
            return refusals(lines, "too much was sent before the client told its roots")
        }
        hold(lines)
        return ask()
    }

    /// Whether who comes after us has to hear a line that was just received: it waits, or the client is known by it. What
    /// has its answer already is not said again.
    func remembers(_ line: [UInt8]) -> Bool { waiting.last?.line == line }

    /// Asks for the roots once more: nobody knows whether the client was asked by who was here before.
    mutating func askAgain() -> [Step] {
        guard isAsking else { return [] }
        state = .expectingRoots
        return ask()
    }

    private mutating func ask() -> [Step] {
        guard state == .expectingRoots else { return [] }
        guard clientHasRoots else { return refuse(Lobby.advice(server)) }
        state = .asked
        questions += 1
        let request: JSONValue = ["jsonrpc": "2.0", "id": .string(name(ofQuestion: questions)), "method": "roots/list"]
        return [Self.line(Array(request.text.utf8))]
    }

    /// An answer to a question of an older handshake must not count; of this one, any does: the client may have been asked
    /// by a predecessor, and again.
    private func name(ofQuestion number: Int) -> String {
        number == 1 ? Lobby.rootsID : "\(Lobby.rootsID)-\(number)"
    }

    private mutating func receiveAnswer(_ line: [UInt8], _ envelope: Envelope) -> [Step] {
        let id = String(token: envelope.id, of: line.span)
        guard isAsking, (firstQuestion...questions).contains(where: { id == name(ofQuestion: $0) }) else { return [] }
        let result = try? JSONValue(parsing: line.span.extracting(envelope.result))
        let roots = result?["roots"]?.arrayValue ?? []
        let paths = roots.compactMap { $0["uri"]?.stringValue }.compactMap(FileURL.path)
        guard let directory = paths.first(where: { Repository.workTree(around: $0) != nil }) ?? paths.first else {
            return refuse(Lobby.advice(server))
        }
        return [.bind(directory: directory)]
    }

    /// It did not answer in time.
    mutating func timedOut() -> [Step] {
        guard isAsking else { return [] }
        return refuse("The client was asked for its roots (roots/list) and did not answer. \(Lobby.advice(server))")
    }

    /// The session cannot be placed: what waits is answered with the reason, and so is what comes.
    mutating func refuse(_ reason: String) -> [Step] {
        state = .refused(reason)
        let lines = waiting
        waiting = []
        return lines.flatMap { refusals($0, reason) }
    }

    private var isRefused: Bool { if case .refused = state { true } else { false } }

    private func hasRoom(for line: [UInt8]) -> Bool {
        waiting.reduce(line.count) { $0 + $1.line.count } <= Lobby.capacity
    }

    private mutating func hold(_ line: Waiting) { waiting.append(line) }

    func isHeld(_ id: RawToken) -> Bool { waiting.contains { $0.ids.contains(id) } }

    /// The client does not want it any more. What is part of a batch, the machine takes out of it.
    private mutating func takeBack(_ id: RawToken) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.ids == [id] }) else { return false }
        waiting.remove(at: index)
        return true
    }

    static func advice(_ server: String) -> String {
        "mcp-supervisor cannot tell which repository this session of \(server) is for: the client started mcp-shim "
            + "outside of a git work tree and named no roots. Add \"--repo\", \"/path/to/repository\" before \"--\" in "
            + "the arguments of mcp-shim in this client's configuration, or --share user if the server needs none."
    }
}
