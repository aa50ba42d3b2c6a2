// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// A client that keeps books on what it is owed, and complains about what it must not be sent.
struct RandomClient {
    struct Open {
        var token: String?
    }

    let session: SessionID
    private(set) var open: [String: Open] = [:]
    private(set) var complaints: [String] = []
    private var lastNumber = 0

    /// Its name in parameters; quotation marks as in JSON.
    var owner: String { "\"\(session)\"" }

    init(session: SessionID) { self.session = session }

    /// All clients use the same ids, numbers and strings, as they do in life.
    private mutating func makeID() -> String {
        lastNumber += 1
        return lastNumber % 3 == 0 ? "\"\(lastNumber)\"" : "\(lastNumber)"
    }

    mutating func initialize() -> String {
        open = [:]
        let id = makeID()
        open[id] = Open()
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#
    }

    mutating func request(_ method: String, _ params: String, withToken: Bool = false) -> String {
        let id = makeID()
        let token = withToken ? (lastNumber % 2 == 0 ? "\"t\(lastNumber)\"" : "\(lastNumber)") : nil
        open[id] = Open(token: token)
        let meta = token.map { #","_meta":{"progressToken":\#($0)}"# } ?? ""
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)\#(meta)}}"#
    }

    /// Takes back one of its requests. Those of `initialize` cannot be taken back.
    mutating func cancel(using generator: inout SeededGenerator) -> String? {
        guard let id = open.keys.sorted().randomElement(using: &generator) else { return nil }
        open[id] = nil
        return #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
    }

    /// The supervisor that knew of them is gone, and its successor answers them from its table.
    mutating func forgetOpen() { open = [:] }

    mutating func receive(_ line: [UInt8]) {
        guard let envelope = try? Envelope(scanning: line.span) else { return complain("no message", line) }
        let text = String(decoding: line, as: UTF8.self)
        if envelope.kind == .response {
            let id = String(decoding: line[envelope.id], as: UTF8.self)
            if open.removeValue(forKey: id) == nil { complain("an answer to no open request", line) }
        } else if envelope.knownMethod == .progress {
            let token = String(decoding: line[envelope.params.progressToken.range], as: UTF8.self)
            if !open.values.contains(where: { $0.token == token }) { complain("progress of no open request", line) }
        }
        // Whatever a session causes carries its name in an array.
        if text.contains("[\"s"), !text.contains("[\(owner)]") { complain("what another session caused", line) }
    }

    private mutating func complain(_ what: String, _ line: [UInt8]) {
        complaints.append("\(session) got \(what): \(String(decoding: line, as: UTF8.self))")
    }
}
