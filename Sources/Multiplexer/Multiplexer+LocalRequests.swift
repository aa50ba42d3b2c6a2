// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// A request of the control service's own, which waits for the backend.
struct LocalRequest: Sendable, Codable {
    let token: UInt64
    let method: String
    let params: String?
}

/// Requests that come from no session (`mcpctl call`). They are answered by the action `reply`.
extension Multiplexer {
    /// Calls a tool. Denied tools are denied to sessions only.
    public mutating func call(
        tool: String, arguments: JSONValue?, token: UInt64, now: Int64, into actions: inout Actions
    ) {
        var params: JSONObject = ["name": .string(tool)]
        params["arguments"] = arguments
        request(method: Method.toolsCall.rawValue, params: .object(params), token: token, now: now, into: &actions)
    }

    public mutating func request(
        method: String, params: JSONValue?, token: UInt64, now: Int64, into actions: inout Actions
    ) {
        let request = LocalRequest(token: token, method: method, params: params?.text)
        if relay != nil { return relayLocal(request, &actions) }
        localQueue.append(request)
        drainLocally(&actions)
        requireBackend(&actions)
    }

    /// Sends what waits. Calls wait for a session's that must be alone, like other sessions' calls.
    mutating func drainLocally(_ actions: inout Actions) {
        guard backend.phase == .ready, !localQueue.isEmpty else { return }
        let waiting = localQueue
        localQueue = []
        for request in waiting {
            let mayAsk = Self.mayAsk(Method(rawValue: request.method))
            guard !mayAsk || pending.alone.isEmpty else {
                localQueue.append(request)
                continue
            }
            var entry = Pending(owner: .local(request.token))
            entry.isCall = mayAsk
            _ = sendOwn(request.method, params: request.params, entry, &actions)
        }
    }

    func replyLocally(
        _ token: UInt64, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        let start = actions.bytes.count
        actions.write(envelope.result.isEmpty ? "{\"error\":" : "{\"result\":")
        actions.bytes.append(line, envelope.result.isEmpty ? envelope.error : envelope.result)
        actions.write("}")
        actions.list.append(.reply(token: token, start..<actions.bytes.count))
    }

    func replyLocally(_ token: UInt64, _ error: ErrorReply, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.write("{")
        error.write(to: &actions.bytes)
        actions.write("}")
        actions.list.append(.reply(token: token, start..<actions.bytes.count))
    }
}
