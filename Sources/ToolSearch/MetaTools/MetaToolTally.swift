// SPDX-License-Identifier: Apache-2.0

/// What was done with meta-tools, and what it cost: shows at once whether models use them well.
public struct MetaToolTally: Sendable, Equatable, Codable {
    /// Sessions that saw the meta-tools.
    public var sessions = 0
    public var searches = 0
    /// Searches that nothing matched.
    public var zeroHits = 0
    public var descriptions = 0
    /// Through `call_tool`.
    public var calls = 0
    /// Names that are no tool's.
    public var wrongNames = 0
    /// Arguments that had to be unwrapped or parsed, and names that had to be guessed.
    public var repairedArguments = 0
    /// Answers about wrong arguments that got the tool's schema.
    public var schemasAppended = 0
    /// Hidden tools that were called by their name, without `call_tool`.
    public var directCalls = 0
    /// Tokens of the answers of `find_tool` and `describe_tool`.
    public var answerTokens = 0
    /// Tokens of the definitions and instructions that sessions were given.
    public var givenTokens = 0
    /// Tokens of those that they would have been given.
    public var plainTokens = 0

    public init() {}

    public mutating func add(_ other: MetaToolTally) {
        sessions += other.sessions
        searches += other.searches
        zeroHits += other.zeroHits
        descriptions += other.descriptions
        calls += other.calls
        wrongNames += other.wrongNames
        repairedArguments += other.repairedArguments
        schemasAppended += other.schemasAppended
        directCalls += other.directCalls
        answerTokens += other.answerTokens
        givenTokens += other.givenTokens
        plainTokens += other.plainTokens
    }
}
