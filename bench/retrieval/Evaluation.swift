// SPDX-License-Identifier: Apache-2.0

import ToolSearch

/// The ranks of the right tools, by set of queries.
struct Evaluation {
    /// `own` is asked twice: over all servers, and within the main tool's server.
    private static let pooled: Set<String> = ["own_all", "live_agent", "live_step", "golden"]
    private static let fewestTools = 5

    private let corpus: Corpus
    private let table: TokenTable?
    /// MiniLM's vectors by text; empty without an engine.
    private let sentences: Sentences
    private let usesQuerySentences: Bool
    private var indexes: [String: (index: ToolIndex, ids: [String])] = [:]
    private(set) var ranks: [String: [Double]] = [:]
    /// What the ranking said of itself, beside whether it was right: to see what its confidence is worth.
    private(set) var judgements: [(set: String, confidence: Ranking.Confidence, score: Float, rank: Double)] = []

    init(_ corpus: Corpus, table: TokenTable?, sentences: Sentences, usesQuerySentences: Bool) {
        self.corpus = corpus
        self.table = table
        self.sentences = sentences
        self.usesQuerySentences = usesQuerySentences
        for query in corpus.queries { judge(query) }
    }

    private mutating func judge(_ query: Corpus.Query) {
        guard query.set == "own" else {
            let set = query.candidates.isEmpty ? nil : Set(query.candidates)
            return note(
                query, as: query.set, key: set == nil ? query.universe : query.candidates.joined(separator: "\n")
            ) {
                $0.universe == query.universe && set?.contains($0.id) != false
            }
        }
        note(query, as: "own_all", key: query.universe) { $0.universe == query.universe }
        guard let main = corpus.tools.first(where: { $0.id == query.main && $0.universe == query.universe }) else {
            return
        }
        let server = main.document.server
        note(query, as: "own_srv", key: "server \(server)", fewest: Evaluation.fewestTools) {
            $0.universe == query.universe && $0.document.server == server
        }
    }

    private mutating func note(
        _ query: Corpus.Query, as set: String, key: String, fewest: Int = 1, _ belongs: (Corpus.Tool) -> Bool
    ) {
        let (index, ids) = index(key, belongs)
        guard ids.count >= fewest else { return }
        let sentence = usesQuerySentences ? sentences[query.text] : nil
        let ranking = index.search(query.text, sentence: sentence, limit: ids.count)
        let hits = ranking.hits
        let place = hits.firstIndex { query.right.contains(ids[$0.position]) }
        let rank = place.map { Double($0 + 1) } ?? .infinity
        ranks[set, default: []].append(rank)
        judgements.append((set, ranking.confidence, hits.first?.score ?? 0, rank))
        if Evaluation.pooled.contains(set) { ranks["pooled", default: []].append(rank) }
    }

    private mutating func index(_ key: String, _ belongs: (Corpus.Tool) -> Bool) -> (ToolIndex, [String]) {
        if let known = indexes[key] { return known }
        let tools = corpus.tools.filter(belongs)
        var index = ToolIndex(documents: tools.map(\.document), table: table)
        for (position, tool) in tools.enumerated() {
            guard let sentence = sentences.sum(of: tool.document.forms) else { continue }
            index.setSentence(sentence, at: position)
        }
        let made = (index, tools.map(\.id))
        indexes[key] = made
        return made
    }

    /// `confidence set score rank`, a line a query.
    func reportJudgements() {
        for judgement in judgements { print(judgement.confidence, judgement.set, judgement.score, judgement.rank) }
    }

    /// `set queries R@1 R@3 R@5 MRR@10`, a line a set.
    func report(as method: String) {
        for (set, ranks) in ranks.sorted(by: { $0.key < $1.key }) {
            let count = Double(ranks.count)
            func recall(_ limit: Double) -> Double { Double(ranks.count { $0 <= limit }) / count }
            let reciprocal = ranks.reduce(0) { $0 + ($1 <= 10 ? 1 / $1 : 0) } / count
            print(method, set, ranks.count, recall(1), recall(3), recall(5), reciprocal)
        }
    }
}
