// SPDX-License-Identifier: Apache-2.0

import ToolSearch

/// The documents of one list, on their way to vectors.
///
/// A step looks one document up or sends its texts off, so that a turn of the loop is never long.
final class DocumentJob {
    enum Step {
        /// There is more to do at once.
        case again
        /// Texts are on their way; the next step is due when a vector has come.
        case waiting
        case done
    }

    /// Documents whose texts are with the encoder: enough that it need not wait for us.
    private static let ahead = 2

    let server: String
    private let model: UInt64
    private let count: Int
    /// The texts of a document, made when its turn comes; none: it has no vector.
    private let texts: (Int) -> [String]
    private let deliver: (Int, [Float]) -> Void
    private let load: () -> VectorFile
    /// What is kept of former lists; nil before the job's turn, for the one before it may be about the same texts.
    private var older: VectorFile?
    /// What this list needs, in its order.
    private(set) var vectors = VectorFile()
    private(set) var computed = 0
    private(set) var isCancelled = false
    private var next = 0
    private var away = 0

    init(
        server: String, model: UInt64, count: Int, texts: @escaping (Int) -> [String],
        older load: @escaping () -> VectorFile, deliver: @escaping (Int, [Float]) -> Void
    ) {
        self.server = server
        self.model = model
        self.count = count
        self.texts = texts
        self.load = load
        self.deliver = deliver
    }

    /// No more is delivered; what was computed is kept.
    func cancel() { isCancelled = true }

    /// All is delivered and kept: whoever holds the job holds no vectors.
    func release() {
        vectors = VectorFile()
        older = nil
    }

    /// What to keep on the disk: this list's first, then older ones, which may come back.
    var kept: VectorFile {
        var file = vectors
        if let older { file.add(older) }
        return file
    }

    /// - Parameter encode: hands a text to the encoder, which answers later or never.
    func step(
        encode: (_ text: String, _ then: @escaping ([Float]?) -> Void) -> Void, changed: @escaping () -> Void
    ) -> Step {
        guard !isCancelled, next < count else { return away == 0 ? .done : .waiting }
        let older = older ?? load()
        self.older = older
        guard away < DocumentJob.ahead else { return .waiting }
        let position = next
        next += 1
        let texts = texts(position)
        guard !texts.isEmpty else { return .again }
        let key = VectorKey(model: model, texts: texts)
        if let known = vectors.entries[key] ?? older.entries[key] {
            finish(position, key, known)
            return .again
        }
        away += 1
        let sum = FormSum(count: texts.count)
        for text in texts {
            encode(text) { [self] vector in
                guard sum.add(vector) else { return }
                away -= 1
                if let total = sum.total {
                    computed += 1
                    finish(position, key, NarrowVector(total))
                }
                changed()
            }
        }
        return .again
    }

    private func finish(_ position: Int, _ key: VectorKey, _ vector: NarrowVector) {
        vectors.add(vector, for: key)
        if !isCancelled { deliver(position, vector.wide) }
    }
}

/// The sum of the vectors of a document's texts.
private final class FormSum {
    private var left: Int
    private var isWhole = true
    private var sum: [Float] = []

    init(count: Int) { left = count }

    /// Whether this was the last one.
    func add(_ vector: [Float]?) -> Bool {
        left -= 1
        if let vector {
            sum = sum.isEmpty ? vector : zip(sum, vector).map(+)
        } else {
            isWhole = false
        }
        return left == 0
    }

    /// `nil` when one is missing.
    var total: [Float]? { isWhole ? sum : nil }
}
