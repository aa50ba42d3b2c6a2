// SPDX-License-Identifier: Apache-2.0

/// Unicode's canonical decomposition with the accents (category Mn) left away, which the standard library does not
/// offer: `é` is `e`, `각` is three letters.
struct Decomposition: Sendable {
    private struct Run {
        let first: UInt32
        /// Where its characters begin in `bases`.
        let offset: Int
        let count: Int
    }

    private let starts: [Run]
    private let bases: [Unicode.Scalar]

    init() {
        var starts: [Run] = []
        var bases: [Unicode.Scalar] = []
        for run in Decomposition.runs {
            let offset = bases.count
            bases += run.bases.unicodeScalars
            starts.append(Run(first: run.first, offset: offset, count: bases.count - offset))
        }
        self.starts = starts
        self.bases = bases
    }

    /// Hands what is left of `scalar` to `body`: nothing, itself, or up to three others.
    func forEachBase(of scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        if scalar.value < 0xc0 { return body(scalar) }
        if Hangul.isSyllable(scalar) { return Hangul.forEachLetter(of: scalar, body) }
        if scalar.properties.generalCategory == .nonspacingMark { return }
        if let sequence = Decomposition.sequences[scalar.value] { return sequence.unicodeScalars.forEach(body) }
        body(single(scalar))
    }

    private func single(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle].first <= scalar.value { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return scalar }
        let run = starts[low - 1]
        let index = Int(scalar.value - run.first)
        return index < run.count ? bases[run.offset + index] : scalar
    }
}

/// Korean syllables are taken apart by arithmetic (The Unicode Standard, section 3.12).
private enum Hangul {
    static let first: UInt32 = 0xac00
    static let count: UInt32 = 11_172
    static let vowels: UInt32 = 21
    /// With none at all as the first.
    static let finals: UInt32 = 28

    static func isSyllable(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= first && scalar.value < first + count
    }

    static func forEachLetter(of scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        let index = scalar.value - first
        let final = index % finals
        let letters = [0x1100 + index / (vowels * finals), 0x1161 + index % (vowels * finals) / finals]
        for letter in letters + (final > 0 ? [0x11a7 + final] : []) {
            if let letter = Unicode.Scalar(letter) { body(letter) }
        }
    }
}
