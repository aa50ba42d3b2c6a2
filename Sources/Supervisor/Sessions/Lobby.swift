// SPDX-License-Identifier: Apache-2.0

import MCPWire

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

    private enum State: Equatable {
        case expectingRoots, asked
        case refused(String)
    }

    private static let rootsID = "mcp-supervisor-roots"
    /// Bytes that are kept for the backend.
    private static let capacity = 4 << 20

    private let server: String
    private var state: State
    private var clientHasRoots = false
    /// The client's lines for the backend, in order, the handshake first.
    private(set) var held: [[UInt8]] = []
    private var heldBytes = 0

    /// - Parameter refusal: why the session cannot be placed, when that is known already.
    init(server: String, refusal: String?) {
        self.server = server
        state = refusal.map { .refused($0) } ?? .expectingRoots
    }

    mutating func receive(_ line: [UInt8]) -> [Step] {
        guard let message = try? JSONValue(parsing: line) else { return [] }
        guard let method = message["method"]?.stringValue else { return response(message) }
        let id = message["id"]
        switch method {
        case "initialize": return initialize(message, line)
        // Whoever is told no shakes hands, and can be asked for roots then.
        case "server/discover":
            let error: JSONValue = ["code": -32601, "message": "Method not found: server/discover"]
            return id.map { [answer($0, "error", error)] } ?? []
        case "ping": return id.map { [answer($0, result: .object(JSONObject()))] } ?? []
        case "notifications/initialized": return initialized(line)
        default: return place(line, method, id)
        }
    }

    private mutating func initialize(_ message: JSONValue, _ line: [UInt8]) -> [Step] {
        guard let id = message["id"] else { return [] }
        held = []
        heldBytes = 0
        hold(line)
        clientHasRoots = message["params"]?["capabilities"]?["roots"] != nil
        var result = JSONObject()
        result["protocolVersion"] = message["params"]?["protocolVersion"] ?? "2025-11-25"
        result["capabilities"] = ["tools": ["listChanged": true]]
        result["serverInfo"] = ["name": .string(server), "version": "unknown"]
        if case .refused(let reason) = state { result["instructions"] = .string(reason) }
        return [answer(id, result: .object(result))]
    }

    /// The handshake is done: now the client may be asked.
    private mutating func initialized(_ line: [UInt8]) -> [Step] {
        guard state == .expectingRoots else { return [] }
        hold(line)
        guard clientHasRoots else { return refuse(Lobby.advice(server)) }
        state = .asked
        let request: JSONValue = ["jsonrpc": "2.0", "id": .string(Lobby.rootsID), "method": "roots/list"]
        return [.send(Array(request.text.utf8) + [0x0A])]
    }

    private mutating func response(_ message: JSONValue) -> [Step] {
        guard state == .asked, message["id"]?.stringValue == Lobby.rootsID else { return [] }
        let roots = message["result"]?["roots"]?.arrayValue ?? []
        let paths = roots.compactMap { $0["uri"]?.stringValue }.compactMap(FileURL.path)
        guard let directory = paths.first(where: { Repository.workTree(around: $0) != nil }) ?? paths.first else {
            return refuse(Lobby.advice(server))
        }
        return [.bind(directory: directory)]
    }

    /// Whether the client owes us its roots.
    var isAsking: Bool { state == .asked }

    /// It did not answer in time.
    mutating func timedOut() -> [Step] {
        guard isAsking else { return [] }
        return refuse("The client was asked for its roots (roots/list) and did not answer. \(Lobby.advice(server))")
    }

    private mutating func place(_ line: [UInt8], _ method: String, _ id: JSONValue?) -> [Step] {
        if case .refused(let reason) = state { return id.map { [refusal(method, $0, reason)] } ?? [] }
        guard heldBytes + line.count <= Lobby.capacity else {
            return id.map { [refusal(method, $0, "too much was sent before the client told its roots")] } ?? []
        }
        hold(line)
        return []
    }

    private mutating func hold(_ line: [UInt8]) {
        held.append(line)
        heldBytes += line.count
    }

    /// The session cannot be placed: what waits is answered with the reason, and so is what comes.
    mutating func refuse(_ reason: String) -> [Step] {
        state = .refused(reason)
        let lines = held
        held = []
        heldBytes = 0
        return lines.flatMap { line -> [Step] in
            guard let message = try? JSONValue(parsing: line), let method = message["method"]?.stringValue,
                method != "initialize", let id = message["id"]
            else { return [] }
            return [refusal(method, id, reason)]
        }
    }

    private func refusal(_ method: String, _ id: JSONValue, _ reason: String) -> Step {
        switch method {
        case "tools/list": return answer(id, result: ["tools": []])
        case "tools/call":
            return answer(id, result: ["content": [["type": "text", "text": .string(reason)]], "isError": true])
        default:
            return answer(id, "error", ["code": -32603, "message": .string(reason)])
        }
    }

    private func answer(_ id: JSONValue, result: JSONValue) -> Step { answer(id, "result", result) }

    private func answer(_ id: JSONValue, _ member: String, _ value: JSONValue) -> Step {
        var reply: JSONObject = ["jsonrpc": "2.0", "id": id]
        reply[member] = value
        return .send(Array(JSONValue.object(reply).text.utf8) + [0x0A])
    }

    static func advice(_ server: String) -> String {
        "mcp-supervisor cannot tell which repository this session of \(server) is for: the client started mcp-shim "
            + "outside of a git work tree and named no roots. Add \"--repo\", \"/path/to/repository\" before \"--\" in "
            + "the arguments of mcp-shim in this client's configuration, or --share user if the server needs none."
    }
}
