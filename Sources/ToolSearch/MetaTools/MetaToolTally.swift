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
    /// Calls of names that are no tool's.
    public var wrongNames = 0
    /// Names that were to be described, and are no tool's.
    public var wrongDescriptions = 0
    /// Calls of meta-tools that were answered with what is wrong with them, other than a name.
    public var refusals = 0
    /// Arguments that had to be unwrapped or parsed, and names that had to be guessed.
    public var repairedArguments = 0
    /// Answers about wrong arguments that got the tool's schema.
    public var schemasAppended = 0
    /// Hidden tools that were called by their name, without `call_tool`.
    public var directCalls = 0
    /// Tokens of all that the meta-tools said: texts and structured content of answers, refusals, appended schemas.
    public var answerTokens = 0
    /// Those of them in structured content, which some clients do not show to a model.
    public var structuredTokens = 0
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
        wrongDescriptions += other.wrongDescriptions
        refusals += other.refusals
        repairedArguments += other.repairedArguments
        schemasAppended += other.schemasAppended
        directCalls += other.directCalls
        answerTokens += other.answerTokens
        structuredTokens += other.structuredTokens
        givenTokens += other.givenTokens
        plainTokens += other.plainTokens
    }
}
