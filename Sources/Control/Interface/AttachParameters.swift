// SPDX-License-Identifier: Apache-2.0

/// `Attach`: a shim hands a session over. Three descriptors come with the call by `SCM_RIGHTS`: the working directory
/// (`O_PATH`), the agent's stdin, the agent's stdout.
public struct AttachParameters: MethodParameters {
    public typealias Reply = AttachReply
    public static let method = ControlMethod.attach

    /// The command to run; `nil` for a configured server, which `name` then names.
    public var argv: [String]?
    /// `NAME=value` entries.
    public var environment: [String]
    /// The entries that are not UTF-8, each as hexadecimal bytes.
    public var rawEnvironment: [String]?
    public var pid: Int32
    public var name: String?
    public var repo: String?
    /// A ``Sharing`` word, as the user typed it: the supervisor judges it.
    public var share: String?
    /// `on` or `auto`.
    public var metaTools: String?
    public var umask: Int32?
    /// The last resume value the supervisor gave; opaque to the shim.
    public var resume: String?

    public init(
        argv: [String]?, environment: [String], rawEnvironment: [String]? = nil, pid: Int32, name: String? = nil,
        repo: String? = nil, share: String? = nil, metaTools: String? = nil, umask: Int32? = nil,
        resume: String? = nil
    ) {
        self.argv = argv
        self.environment = environment
        self.rawEnvironment = rawEnvironment
        self.pid = pid
        self.name = name
        self.repo = repo
        self.share = share
        self.metaTools = metaTools
        self.umask = umask
        self.resume = resume
    }

    enum CodingKeys: String, CodingKey {
        case argv, environment
        case rawEnvironment = "raw_environment"
        case pid, name, repo, share
        case metaTools = "meta_tools"
        case umask, resume
    }
}

/// The answers to `Attach`: attached, then any number of new resume values, then the end.
public struct AttachReply: Codable, Sendable, Equatable {
    public var session: String
    public var resume: String?
    /// `true` in the last answer: the session is over.
    public var ended: Bool?
    /// Why it ended.
    public var reason: String?

    public static func attached(session: String, resume: String?) -> AttachReply {
        AttachReply(session: session, resume: resume, ended: nil, reason: nil)
    }

    public static func ended(session: String, reason: String) -> AttachReply {
        AttachReply(session: session, resume: nil, ended: true, reason: reason)
    }

    public init(session: String, resume: String?, ended: Bool?, reason: String?) {
        self.session = session
        self.resume = resume
        self.ended = ended
        self.reason = reason
    }
}
