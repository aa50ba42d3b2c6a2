// SPDX-License-Identifier: Apache-2.0

/// `Request`: starts or finds a backend and holds it.
public struct RequestParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.request

    /// The command to run; `nil` for a configured server, which `name` then names.
    public var argv: [String]?
    /// `NAME=value` entries.
    public var environment: [String]
    /// The entries that are not UTF-8, each as hexadecimal bytes.
    public var rawEnvironment: [String]?
    public var name: String?
    /// A directory in the repository, absolute; `nil` where a session would find it.
    public var repo: String?
    /// A ``Sharing`` word, as the user typed it: the supervisor judges it.
    public var share: String?
    /// For how long, in seconds; `nil` until `Release`.
    public var holdSeconds: Double?
    /// The file mode creation mask that the server is to have (umask(2)); `nil` for 022.
    public var umask: Int32?
    /// Where a session would be attached, absolute; `nil` in `repo`.
    public var cwd: String?

    public init(
        argv: [String]?, environment: [String], rawEnvironment: [String]? = nil, name: String? = nil,
        repo: String? = nil, share: String? = nil, holdSeconds: Double? = nil,
        umask: Int32? = nil, cwd: String? = nil
    ) {
        self.argv = argv
        self.environment = environment
        self.rawEnvironment = rawEnvironment
        self.name = name
        self.repo = repo
        self.share = share
        self.holdSeconds = holdSeconds
        self.umask = umask
        self.cwd = cwd
    }

    enum CodingKeys: String, CodingKey {
        case argv, environment
        case rawEnvironment = "raw_environment"
        case name, repo, share
        case holdSeconds = "hold_s"
        case umask, cwd
    }
}

/// The answer of every method that acts on one backend: what it is now.
public struct BackendReply: Codable, Sendable, Equatable {
    public var backend: BackendStatus

    public init(backend: BackendStatus) { self.backend = backend }
}
