// SPDX-License-Identifier: Apache-2.0

/// BM25F: terms count more in a name than in a description, and less the longer the field is that they stand in
/// (Robertson, Zaragoza, Taylor: Simple BM25 Extension to Multiple Weighted Fields, 2004).
struct LexicalIndex: Sendable {
    private struct Posting: Sendable {
        let document: Int32
        /// How much the term says of this document, its rarity left out: 0 to ``saturation``.
        let weight: Float
    }

    /// Chosen on the development queries, as is ``bound``.
    private static let fieldWeights: [Float] = [2, 4, 1, 0.5, 0.2]
    private static let lengthPart: Float = 0.75
    private static let bound: Float = 0.9
    private static let saturation: Float = 1 + bound
    /// A query that says a word three times does not mean it three times as much.
    private static let mostRepeats = 2

    private var terms: [String: Int32] = [:]
    /// Where the postings of each term begin; one more at the end.
    private var starts: [Int32] = []
    private var postings: [Posting] = []
    private var rarities: [Float] = []
    /// Of a term that no document has.
    private let rarest: Float
    private let count: Int

    init(_ documents: [ToolDocument]) {
        count = documents.count
        rarest = LexicalIndex.rarity(of: 0, in: documents.count)
        let fields = documents.map(LexicalIndex.fields)
        let averages = LexicalIndex.averageLengths(fields)
        var lists: [[Posting]] = []
        for (number, texts) in fields.enumerated() {
            for (term, weight) in weights(of: texts, averages) {
                if terms[term] == nil {
                    terms[term] = Int32(lists.count)
                    lists.append([])
                }
                let saturated = weight / (weight + LexicalIndex.bound) * LexicalIndex.saturation
                lists[Int(terms[term] ?? 0)].append(Posting(document: Int32(number), weight: saturated))
            }
        }
        starts.reserveCapacity(lists.count + 1)
        for list in lists {
            starts.append(Int32(postings.count))
            postings += list
            rarities.append(LexicalIndex.rarity(of: list.count, in: documents.count))
        }
        starts.append(Int32(postings.count))
    }

    /// Server, name, description, parameters' names, parameters' texts.
    private static func fields(of document: ToolDocument) -> [[String]] {
        let names = document.parameters.map(\.name).joined(separator: " ")
        let texts = document.parameters.map { ([$0.description] + $0.choices).joined(separator: " ") }
        return [
            document.server, document.name, document.description, names, texts.joined(separator: " "),
        ].map(Terms.of)
    }

    private static func averageLengths(_ fields: [[[String]]]) -> [Float] {
        fieldWeights.indices.map { field in
            let total = fields.reduce(0) { $0 + $1[field].count }
            return max(Float(total) / Float(max(fields.count, 1)), 1e-9)
        }
    }

    /// In the order of the terms' first appearance, so that an index is the same whenever it is built.
    private func weights(of fields: [[String]], _ averages: [Float]) -> [(term: String, weight: Float)] {
        var places: [String: Int] = [:]
        var weights: [(term: String, weight: Float)] = []
        for (field, terms) in fields.enumerated() where !terms.isEmpty {
            let length = 1 - LexicalIndex.lengthPart + LexicalIndex.lengthPart * Float(terms.count) / averages[field]
            for term in terms {
                let place = places[term] ?? weights.count
                if place == weights.count {
                    places[term] = place
                    weights.append((term, 0))
                }
                weights[place].weight += LexicalIndex.fieldWeights[field] / length
            }
        }
        return weights
    }

    private static func rarity(of holders: Int, in count: Int) -> Float {
        let holders = Double(holders)
        return Float(naturalLogarithm(1 + (Double(count) - holders + 0.5) / (holders + 0.5)))
    }

    /// The score of every document: 0 where no term is shared, about 1 where all are, rare ones counting more.
    func scores(_ query: String) -> [Float] {
        var scores = [Float](repeating: 0, count: count)
        var repeats: [String: Int] = [:]
        var total: Float = 0
        for term in Terms.of(query) {
            let times = repeats[term, default: 0]
            guard times < LexicalIndex.mostRepeats else { continue }
            repeats[term] = times + 1
            guard let id = terms[term].map(Int.init) else {
                // What nothing matches counts as much as the rarest word: a query that matches little scores little.
                total += rarest
                continue
            }
            total += rarities[id]
            for posting in postings[Int(starts[id])..<Int(starts[id + 1])] {
                scores[Int(posting.document)] += rarities[id] * posting.weight
            }
        }
        guard total > 0 else { return scores }
        for index in scores.indices { scores[index] /= total }
        return scores
    }
}

/// Of a positive number. The standard library has none, and this target imports nothing else.
func naturalLogarithm(_ value: Double) -> Double {
    let fraction = (value.significand - 1) / (value.significand + 1)
    let square = fraction * fraction
    var power = fraction
    var sum = 0.0
    for divisor in stride(from: 1.0, through: 31, by: 2) {
        sum += power / divisor
        power *= square
    }
    return 2 * sum + Double(value.exponent) * 0.693_147_180_559_945_3
}
