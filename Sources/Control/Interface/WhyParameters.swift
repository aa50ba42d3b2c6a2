// SPDX-License-Identifier: Apache-2.0

/// `Why`: what a session's sharing key is made of, and where it differs from another session's.
public struct WhyParameters: MethodParameters {
    public typealias Reply = WhyReply
    public static let method = ControlMethod.why

    public var session: String
    public var other: String?

    public init(session: String, other: String? = nil) {
        self.session = session
        self.other = other
    }
}

/// A sharing key explained: environment variables by name only, never by value.
public struct WhyReply: Codable, Sendable, Equatable {
    public var session: String
    /// What the key is made of besides the environment: server, repository, command, …
    public var key: NamedValues
    /// The variables that are part of the key.
    public var variables: [String]
    /// The variables the session has that say nothing about the server.
    public var ignored: [String]
    public var other: String?
    /// Whether both have the same key.
    public var same: Bool?
    /// What differs: names of parts of the key, and of variables.
    public var differs: [String]

    public init(
        session: String, key: NamedValues, variables: [String], ignored: [String], other: String? = nil,
        same: Bool? = nil, differs: [String] = []
    ) {
        self.session = session
        self.key = key
        self.variables = variables
        self.ignored = ignored
        self.other = other
        self.same = same
        self.differs = differs
    }
}
