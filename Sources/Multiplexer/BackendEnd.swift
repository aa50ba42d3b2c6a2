// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// How the backend went away, as the shell tells it.
public struct BackendEnd: Sendable {
    /// A sentence for the agent: "backend serena was killed: out of memory (limit 1.0G, peak 1.0G)".
    public var message: String
    /// For programs, in `data.reason`: "backend_exit", "oom", "start_failed", "stopped", …
    public var reason: String
    /// Whether requests that were never sent may wait for the next start, and subscriptions want it back. When false,
    /// they are answered with the message; requests that come later ask for a start again in any case.
    public var willRestart: Bool
    /// More members of the error's data: limit, peak, last lines of stderr.
    public var data: JSONObject

    public init(message: String, reason: String, willRestart: Bool, data: JSONObject = JSONObject()) {
        self.message = message
        self.reason = reason
        self.willRestart = willRestart
        self.data = data
    }

    func errorReply(generation: Int, retryable: Bool) -> ErrorReply {
        var members: JSONObject = ["reason": .string(reason), "retryable": .bool(retryable)]
        members["generation"] = .int(Int64(generation))
        for member in data.members { members[member.key] = member.value }
        return ErrorReply(code: .internalError, message: message, data: .object(members))
    }
}
