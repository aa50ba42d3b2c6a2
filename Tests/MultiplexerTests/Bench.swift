// SPDX-License-Identifier: Apache-2.0

import MCPWire
public import Multiplexer

/// A machine with a hand on every side of it: lines go in, and what came out is kept as text.
struct Bench {
    var mux: Multiplexer
    var now: Int64 = 0
    var actions = Actions()
    /// What each session was sent, in order.
    var received: [SessionID: [String]] = [:]
    var backendReceived: [String] = []
    /// What is for the machine of a backend that a session moved to.
    var handedOn: [SessionID: [String]] = [:]
    var replies: [UInt64: String] = [:]
    /// Everything that is no line.
    var orders: [Actions.Action] = []
    var generation = 0

    init(snapshot: Snapshot? = nil, _ configure: (inout MultiplexerConfiguration) -> Void = { _ in }) {
        var configuration = MultiplexerConfiguration()
        configuration.server = "fake"
        configure(&configuration)
        mux = Multiplexer(configuration: configuration, snapshot: snapshot)
    }

    static let capabilities = #"{"tools":{},"resources":{"subscribe":true},"logging":{},"tasks":{"list":{}},"x":1.0}"#
    static let initializeResult =
        #"{"protocolVersion":"2025-11-25","capabilities":\#(capabilities),"serverInfo":{"name":"fake","version":"1"},"instructions":"do"}"#

    // MARK: - Events

    mutating func open(_ session: SessionID, resume: [UInt8]? = nil) {
        mux.open(session, resume: resume, now: now, into: &actions)
        collect()
    }

    mutating func client(_ session: SessionID, _ line: String) {
        let bytes = Array(line.utf8)
        mux.receive(bytes.span, from: session, now: now, into: &actions)
        collect()
    }

    mutating func backend(_ line: String) {
        let bytes = Array(line.utf8)
        mux.receiveFromBackend(bytes.span, now: now, into: &actions)
        collect()
    }

    mutating func close(_ session: SessionID) {
        mux.close(session, now: now, into: &actions)
        collect()
    }

    mutating func startBackend() {
        generation += 1
        mux.backendStarted(generation: generation, now: now, into: &actions)
        collect()
    }

    mutating func endBackend(willRestart: Bool = true, message: String = "backend fake exited (status 1)") {
        let end = BackendEnd(message: message, reason: "backend_exit", willRestart: willRestart, data: ["limit": 7])
        mux.backendEnded(end, now: now, into: &actions)
        collect()
    }

    mutating func fire(_ timer: MultiplexerTimer, after milliseconds: Int64 = 0) {
        now += milliseconds
        mux.timer(timer, now: now, into: &actions)
        collect()
    }

    mutating func perform(_ event: (inout Multiplexer, Int64, inout Actions) -> Void) {
        event(&mux, now, &actions)
        collect()
    }

    private mutating func collect() {
        for action in actions.list {
            switch action {
            case .toSession(let session, let range): received[session, default: []].append(line(range))
            case .toBackend(_, let range): backendReceived.append(line(range))
            case .handOn(let session, let range):
                handedOn[session, default: []].append(String(decoding: actions.bytes[range], as: UTF8.self))
            case .reply(let token, let range): replies[token] = String(decoding: actions.bytes[range], as: UTF8.self)
            default: orders.append(action)
            }
        }
        actions.removeAll()
    }

    private func line(_ range: Range<Int>) -> String {
        precondition(actions.bytes[range].last == 0x0A, "a line without its newline")
        return String(decoding: actions.bytes[range].dropLast(), as: UTF8.self)
    }

    // MARK: - Short cuts

    /// What the session was sent since the last call.
    mutating func take(_ session: SessionID) -> [String] { received.removeValue(forKey: session) ?? [] }

    mutating func takeBackend() -> [String] {
        defer { backendReceived = [] }
        return backendReceived
    }

    mutating func takeOrders() -> [Actions.Action] {
        defer { orders = [] }
        return orders
    }

    /// The id that the machine gave to the last message of this method.
    func backendID(_ method: String) -> Int64? {
        backendReceived.last { $0.contains("\"\(method)\"") }.flatMap { (try? JSONValue(parsing: $0))?["id"]?.intValue }
    }

    /// Opens sessions and brings them and the backend to the point where requests flow; forgets what was sent for it.
    mutating func connect(_ sessions: SessionID..., version: String = "2025-11-25") {
        for session in sessions {
            open(session)
            client(session, Self.initialize(version: version))
        }
        if !mux.isReady { runBackend() }
        for session in sessions {
            client(session, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            received[session] = nil
        }
        backendReceived = []
        orders = []
    }

    mutating func runBackend(result: String = initializeResult) {
        startBackend()
        guard let id = backendID("initialize") else { return }
        backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#)
    }

    static func initialize(version: String = "2025-11-25") -> String {
        #"{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"\#(version)","capabilities":{},"clientInfo":{"name":"tester","version":"1"}}}"#
    }
}

extension SessionID: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: UInt32) { self.init(raw: value) }
}
