// SPDX-License-Identifier: Apache-2.0

/// `Stats`: what was called and searched since the supervisor started, and what tool lists cost.
public struct StatsParameters: MethodParameters {
    public typealias Reply = StatsReply
    public static let method = ControlMethod.stats

    public init() {}
}

public struct StatsReply: Codable, Sendable, Equatable {
    /// RFC 3339, UTC: counts begin here.
    public var since: String
    /// How tokens are counted.
    public var tokenMethod: String
    public var servers: [ServerStats]

    public init(since: String, tokenMethod: String, servers: [ServerStats]) {
        self.since = since
        self.tokenMethod = tokenMethod
        self.servers = servers
    }

    enum CodingKeys: String, CodingKey {
        case since
        case tokenMethod = "token_method"
        case servers
    }
}

/// All backends of one server.
public struct ServerStats: Codable, Sendable, Equatable {
    public var server: String
    public var backends: Int
    public var sessions: Int
    /// Absent while its tools were not listed.
    public var tokens: TokenCounts?
    public var metaTools: MetaToolStats
    public var tools: [ToolStats]

    public init(
        server: String, backends: Int, sessions: Int, tokens: TokenCounts?, metaTools: MetaToolStats,
        tools: [ToolStats]
    ) {
        self.server = server
        self.backends = backends
        self.sessions = sessions
        self.tokens = tokens
        self.metaTools = metaTools
        self.tools = tools
    }

    enum CodingKeys: String, CodingKey {
        case server, backends, sessions, tokens
        case metaTools = "meta_tools"
        case tools
    }
}

/// What a server's tools cost each conversation, in tokens.
public struct TokenCounts: Codable, Sendable, Equatable {
    public var tools: Int
    public var definitions: Int
    public var instructions: Int
    /// What both become with meta-tools.
    public var withMetaTools: Int
    /// Whether `auto` would switch them on.
    public var isWorthIt: Bool

    public init(tools: Int, definitions: Int, instructions: Int, withMetaTools: Int, isWorthIt: Bool) {
        self.tools = tools
        self.definitions = definitions
        self.instructions = instructions
        self.withMetaTools = withMetaTools
        self.isWorthIt = isWorthIt
    }

    enum CodingKeys: String, CodingKey {
        case tools, definitions, instructions
        case withMetaTools = "with_meta_tools"
        case isWorthIt = "is_worth_it"
    }
}

/// How meta-tools were used, and what they cost.
public struct MetaToolStats: Codable, Sendable, Equatable {
    public var sessions = 0
    public var searches = 0
    public var zeroHits = 0
    public var descriptions = 0
    public var calls = 0
    public var directCalls = 0
    /// Calls of names that are no tool's.
    public var wrongNames = 0
    /// Names that were to be described, and are no tool's.
    public var wrongDescriptions = 0
    /// Calls of meta-tools that were answered with what is wrong with them, other than a name.
    public var refusals = 0
    public var repairedArguments = 0
    public var schemasAppended = 0
    /// Tokens of all that the meta-tools said: texts and structured content of answers, refusals, appended schemas.
    public var answerTokens = 0
    /// Those of them in structured content, which some clients do not show to a model.
    public var structuredTokens = 0
    /// Tokens that sessions were given up front, and would have been.
    public var givenTokens = 0
    public var plainTokens = 0

    public init() {}

    /// Up front, less what the meta-tools said; negative where meta-tools were a loss.
    public var savedTokens: Int { plainTokens - givenTokens - answerTokens }

    enum CodingKeys: String, CodingKey {
        case sessions, searches
        case zeroHits = "zero_hits"
        case descriptions, calls
        case directCalls = "direct_calls"
        case wrongNames = "wrong_names"
        case wrongDescriptions = "wrong_descriptions"
        case refusals
        case repairedArguments = "repaired_arguments"
        case schemasAppended = "schemas_appended"
        case answerTokens = "answer_tokens"
        case structuredTokens = "structured_tokens"
        case givenTokens = "given_tokens"
        case plainTokens = "plain_tokens"
    }
}

/// One tool's calls.
public struct ToolStats: Codable, Sendable, Equatable {
    public var name: String
    public var calls: Int
    /// Answered with a protocol error, or not at all.
    public var errors: Int
    public var totalMilliseconds: Int64
    /// Upper bound of the bucket that half of the calls lie below; nil: of the last bucket, which has none.
    public var p50Milliseconds: Int64?
    public var p99Milliseconds: Int64?

    public init(
        name: String, calls: Int, errors: Int, totalMilliseconds: Int64, p50Milliseconds: Int64?,
        p99Milliseconds: Int64?
    ) {
        self.name = name
        self.calls = calls
        self.errors = errors
        self.totalMilliseconds = totalMilliseconds
        self.p50Milliseconds = p50Milliseconds
        self.p99Milliseconds = p99Milliseconds
    }

    enum CodingKeys: String, CodingKey {
        case name, calls, errors
        case totalMilliseconds = "total_ms"
        case p50Milliseconds = "p50_ms"
        case p99Milliseconds = "p99_ms"
    }
}
