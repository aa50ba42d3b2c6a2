// SPDX-License-Identifier: Apache-2.0

/// The program at the other end of a session, as it named itself in its handshake.
public struct ClientInfo: Codable, Sendable, Equatable {
    public var name: String
    public var version: String

    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}

/// One session in `Status`.
public struct SessionStatus: Codable, Sendable, Equatable {
    /// `s7`.
    public var id: String
    /// The shim's process.
    public var pid: Int32
    public var client: ClientInfo?
    /// The protocol revision of the session, once its handshake is over.
    public var `protocol`: String?
    public var cwd: String
    /// The repository's root; `nil` where none was found.
    public var repo: String?
    /// The name of its server.
    public var server: String?
    /// The id of its backend; `nil` before it has one.
    public var backend: String?
    public var inFlight: Int
    /// Whether it sees the three meta-tools instead of the backend's own.
    public var metaTools: Bool
    /// RFC 3339, UTC.
    public var attachedAt: String

    public init(
        id: String, pid: Int32, client: ClientInfo?, protocol: String?, cwd: String, repo: String?, server: String,
        backend: String?, inFlight: Int, metaTools: Bool, attachedAt: String
    ) {
        self.id = id
        self.pid = pid
        self.client = client
        self.protocol = `protocol`
        self.cwd = cwd
        self.repo = repo
        self.server = server
        self.backend = backend
        self.inFlight = inFlight
        self.metaTools = metaTools
        self.attachedAt = attachedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, pid, client, `protocol`, cwd, repo, server, backend
        case inFlight = "in_flight"
        case metaTools = "meta_tools"
        case attachedAt = "attached_at"
    }
}
