// SPDX-License-Identifier: Apache-2.0

/// What tools are found with.
public enum SearchStage: String, Codable, Sendable {
    /// Words, and a small table of meanings.
    case table
    /// The model in the engine file as well.
    case engine
}

/// The search for tools in `Status`.
public struct SearchStatus: Codable, Sendable, Equatable {
    public var stage: Word<SearchStage>
    /// The path of the engine file that serves.
    public var engine: String?
    /// Why one that is there does not serve.
    public var problem: String?

    public init(stage: SearchStage, engine: String?, problem: String?) {
        self.stage = Word(stage)
        self.engine = engine
        self.problem = problem
    }
}
