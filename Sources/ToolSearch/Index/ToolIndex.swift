// SPDX-License-Identifier: Apache-2.0

/// Finds tools by what is asked for: shared words (BM25F) and near meanings (the table, and MiniLM where there is an
/// engine), added up.
///
/// Without a table it finds by words alone. Sentence vectors may come later, tool by tool.
public struct ToolIndex {
    /// The table's part of a direction, beside MiniLM's.
    private static let tablePart: Float = 0.5
    /// What shared words add to the cosine: less where MiniLM has spoken. Linear, because ranks forget by how much.
    private static let wordPartBesideTable: Float = 0.3
    private static let wordPartBesideSentences: Float = 0.2

    private let names: [String]
    private let words: LexicalIndex
    private let table: TokenTable?
    private var vectors: PackedVectors
    private var hasSentence: [Bool]
    private var sentences = 0

    public init(documents: [ToolDocument], table: TokenTable?) {
        names = documents.map(\.name)
        words = LexicalIndex(documents)
        self.table = table
        vectors = PackedVectors(count: table == nil ? 0 : documents.count)
        hasSentence = [Bool](repeating: false, count: documents.count)
        guard let table else { return }
        for (position, document) in documents.enumerated() {
            vectors.set(ToolIndex.tableVector(of: document, table), at: position)
        }
    }

    public var count: Int { names.count }
    /// Whether meanings are compared, and not words alone.
    public var hasTable: Bool { table != nil }
    /// How many tools have MiniLM's vector.
    public var sentenceCount: Int { sentences }

    private static func tableVector(of document: ToolDocument, _ table: TokenTable) -> [Float] {
        var sum = [Float](repeating: 0, count: TokenTable.dimensions)
        for form in document.forms { add(table.vector(of: form), 1, to: &sum) }
        normalise(&sum)
        return sum
    }

    /// Takes MiniLM's direction of a tool: the normalised sum over ``ToolDocument/forms``. The first one given counts.
    public mutating func setSentence(_ sentence: [Float], at position: Int) {
        guard let table, names.indices.contains(position), !hasSentence[position],
            var vector = table.projected(sentence)
        else { return }
        ToolIndex.add(vectors.vector(at: position), ToolIndex.tablePart, to: &vector)
        normalise(&vector)
        vectors.set(vector, at: position)
        hasSentence[position] = true
        sentences += 1
    }

    /// - Parameters:
    ///   - sentence: MiniLM's vector of the query, where an engine has made one.
    ///   - limit: the most hits.
    public func search(_ query: String, sentence: [Float]? = nil, limit: Int) -> Ranking {
        let lexical = words.scores(query)
        let cosines = cosines(query, sentence)
        let part = sentences > 0 ? ToolIndex.wordPartBesideSentences : ToolIndex.wordPartBesideTable
        var hits: [Ranking.Hit] = []
        hits.reserveCapacity(names.count)
        for position in names.indices {
            let cosine = cosines.map { $0[position] } ?? 0
            let score = cosines == nil ? lexical[position] : cosine + part * lexical[position]
            hits.append(Ranking.Hit(position: position, score: score, lexical: lexical[position], cosine: cosine))
        }
        let best = Selection.best(limit, of: hits) { left, right in
            left.score != right.score ? left.score > right.score : names[left.position] < names[right.position]
        }
        return Ranking.judged(best, total: names.count, byMeaning: cosines != nil)
    }

    private func cosines(_ query: String, _ sentence: [Float]?) -> [Float]? {
        guard let table else { return nil }
        var vector = table.vector(of: query)
        if var projected = sentence.flatMap(table.projected) {
            ToolIndex.add(vector, ToolIndex.tablePart, to: &projected)
            vector = projected
        }
        normalise(&vector)
        return vectors.products(with: vector)
    }

    private static func add(_ vector: [Float], _ part: Float, to sum: inout [Float]) {
        for index in sum.indices { sum[index] += part * vector[index] }
    }
}
