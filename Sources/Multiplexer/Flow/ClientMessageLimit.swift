// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A client whose transport breaks when a message is longer than it takes (protocol.md §2.7 j).
public struct ClientMessageLimit: Sendable, Codable, Equatable {
    /// The name in `clientInfo`, in any case; `*` at the end stands for anything.
    public var client: String
    /// Bytes of one line.
    public var bytes: Int

    public init(client: String, bytes: Int) {
        self.client = client
        self.bytes = bytes
    }

    /// Clients that are known to lose the server, or themselves. OpenClaw reads with a buffer of 10 MiB that takes the
    /// whole host down with it; a pipeful of the next message may be in the buffer, too (openclaw pull request 119379).
    public static let known = [ClientMessageLimit(client: "openclaw-bundle-mcp", bytes: 10 << 20 - 64 << 10)]

    func concerns(_ name: String) -> Bool {
        let pattern = client.lowercased()
        return pattern.hasSuffix("*") ? name.lowercased().hasPrefix(pattern.dropLast()) : name.lowercased() == pattern
    }
}

extension Multiplexer {
    /// Bytes that one line to this client may have.
    public func lineLimit(of session: SessionID) -> Int {
        let name = sessions[session]?.clientInfo?["name"]?.stringValue ?? ""
        let own = configuration.clientMessageLimits.first { $0.concerns(name) }?.bytes
        return min(own ?? .max, configuration.maximumLineToClient)
    }

    /// What the client gets in place of an answer that would break its transport; nil when it may have it.
    func oversizeResult(_ length: Int, for session: SessionID) -> ErrorReply? {
        guard length > configuration.shortestLineLimit, length > lineLimit(of: session) else { return nil }
        guard length <= configuration.maximumLineToClient,
            let name = sessions[session]?.clientInfo?["name"]?.stringValue
        else { return oversizeResult(length) }
        let limit = lineLimit(of: session)
        let text =
            "the result of \(length >> 20) MB exceeds the limit of the client \(name), \(limit >> 20) MB "
            + "(max_message_to_client in the configuration of mcp-supervisor)"
        return .failure(text, reason: "oversize_result")
    }

    /// Puts an error in place of an answer that was just written and is too long for its client.
    mutating func guardClient(_ target: ReplyTarget, from start: Int, _ actions: inout Actions) {
        // Of a batch the answers leave as one line.
        let rest = target.batch == 0 ? 0 : sessions[target.session]?.batches[target.batch]?.replies.count ?? 0
        let length = actions.bytes.count - start + rest
        guard length > configuration.shortestLineLimit, let error = oversizeResult(length, for: target.session)
        else { return }
        actions.bytes.removeSubrange(start...)
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        target.id.write(to: &actions.bytes)
        actions.write(",")
        error.write(to: &actions.bytes)
        actions.write("}")
        actions.log(.notice, "session \(target.session): \(error.message)")
    }

    /// Whether a message that is no answer is too long for a client; it is left out then.
    func isTooLong(_ length: Int, for session: SessionID, _ actions: inout Actions) -> Bool {
        guard length > configuration.shortestLineLimit, length > lineLimit(of: session) else { return false }
        actions.log(
            .notice, "session \(session): a message of \(length >> 20) MB is left out, its client takes no such")
        return true
    }
}
