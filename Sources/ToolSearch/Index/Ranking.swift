// SPDX-License-Identifier: Apache-2.0

/// What a search found, the best first.
public struct Ranking: Sendable, Equatable {
    /// How sure it is that what was asked for is among the first few.
    public enum Confidence: String, Sendable {
        case high, medium, low
        /// Nothing of it is about what was asked; there are no hits.
        case none
    }

    public struct Hit: Sendable, Equatable {
        /// The tool's place among the documents.
        public let position: Int
        /// Comparable between queries: about 0 for what has nothing to do with the query, 1 and more for the same words.
        public let score: Float
        /// The part that shared words have in it, before it was weighed.
        public let lexical: Float
        /// Of the angle between the meanings; 0 without a table.
        public let cosine: Float
    }

    public let hits: [Hit]
    public let confidence: Confidence
    /// How many tools were looked at.
    public let total: Int
}
