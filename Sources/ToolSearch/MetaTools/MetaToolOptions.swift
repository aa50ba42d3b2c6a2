// SPDX-License-Identifier: Apache-2.0

/// Whether a session is to see the meta-tools.
public enum MetaToolMode: String, Sendable, Codable {
    case off
    case on
    /// Where they save enough, and the client does not defer tools itself.
    case auto
}

/// How a session's meta-tools are set up; fixed for its life.
public struct MetaToolOptions: Sendable, Equatable, Codable {
    public var mode = MetaToolMode.off
    /// `call_tool_read` for tools that are annotated as read-only, so that a client may approve those alone.
    public var isSplit = false
    /// Tools that stay directly visible, and out of searches.
    public var pins: [String] = []
    /// Tokens of definitions and instructions up to which `auto` stays off.
    public var threshold = 3000
    /// Clients that need no meta-tools, as they name themselves in `clientInfo`; `*` at the end stands for anything.
    public var deferringClients = Self.knownDeferringClients

    public init() {}

    /// Clients that show a model their tools' names only and fetch definitions when asked. Behind `call_tool` they would
    /// lose permissions by tool name, annotations and arguments checked against the schema.
    public static let knownDeferringClients = ["claude-code*", "codex*"]

    func isDeferring(_ client: String?) -> Bool {
        guard let client = client?.lowercased() else { return false }
        return deferringClients.contains { pattern in
            let pattern = pattern.lowercased()
            return pattern.hasSuffix("*") ? client.hasPrefix(pattern.dropLast()) : client == pattern
        }
    }
}
