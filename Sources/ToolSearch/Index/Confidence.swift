// SPDX-License-Identifier: Apache-2.0

extension Ranking {
    /// Scores by what they were worth on the development queries, over 1,386 tools and within single servers: from
    /// `high` on the right tool was first in 88 and among the first five in 99 of 100; from `medium` on among the five in
    /// 80; below, in 60. Requests about something else stayed under `medium`, and within one server under `noise`.
    private struct Thresholds {
        let high: Float
        let medium: Float
        let noise: Float

        static let byMeaning = Thresholds(high: 0.75, medium: 0.5, noise: 0.2)
        /// Shared words alone: nothing is shared, or something is.
        static let byWords = Thresholds(high: 0.8, medium: 0.4, noise: 0)
    }

    /// Drops what is noise, and says how sure the rest is.
    static func judged(_ hits: [Hit], total: Int, byMeaning: Bool) -> Ranking {
        let thresholds = byMeaning ? Thresholds.byMeaning : .byWords
        let real = hits.filter { $0.score > thresholds.noise }
        let confidence: Confidence =
            switch real.first?.score {
            case nil: .none
            case let score? where score >= thresholds.high: .high
            case let score? where score >= thresholds.medium: .medium
            default: .low
            }
        return Ranking(hits: real, confidence: confidence, total: total)
    }
}
