// SPDX-License-Identifier: Apache-2.0

/// Cuts a text into words as the uncased BERT models do: control characters go, accents go, capitals become small;
/// words end at white space, and each punctuation mark and Chinese character is a word of its own.
struct BERTWords: Sendable {
    private let decomposition = Decomposition()

    /// Hands each word to `body` as UTF-8, with the number of its characters, until it answers `false`.
    func forEach(of text: String, _ body: (_ word: [UInt8], _ characters: Int) -> Bool) {
        var word = Word()
        for scalar in text.unicodeScalars {
            switch Kind(scalar) {
            case .letter where scalar.isASCII: word.append(ascii: UInt8(scalar.value))
            case .letter: decomposition.forEachBase(of: scalar) { word.append(small: $0) }
            case .nothing: continue
            case .space: guard word.end(body) else { return }
            case .mark:
                guard word.end(body) else { return }
                decomposition.forEachBase(of: scalar) { word.append(small: $0) }
                guard word.end(body) else { return }
            }
        }
        _ = word.end(body)
    }
}

/// A word in the making.
private struct Word {
    var bytes: [UInt8] = []
    var characters = 0

    mutating func append(ascii byte: UInt8) {
        bytes.append(byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte)
        characters += 1
    }

    mutating func append(small scalar: Unicode.Scalar) {
        if scalar.isASCII { return append(ascii: UInt8(scalar.value)) }
        for small in scalar.properties.lowercaseMapping.unicodeScalars {
            bytes += UTF8.encode(small).map(Array.init) ?? []
            characters += 1
        }
    }

    mutating func end(_ body: ([UInt8], Int) -> Bool) -> Bool {
        guard !bytes.isEmpty else { return true }
        defer {
            bytes.removeAll(keepingCapacity: true)
            characters = 0
        }
        return body(bytes, characters)
    }
}

/// What a character is to the cutting.
private enum Kind {
    case letter, space, nothing
    /// A word of its own.
    case mark

    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x09, 0x0a, 0x0d, 0x20: self = .space
        case 0..<0x20, 0x7f, 0xfffd: self = .nothing
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: self = .letter
        case 0..<0x7f: self = .mark
        default: self = Kind.isChinese(scalar.value) ? .mark : Kind(unusual: scalar)
        }
    }

    private init(unusual scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse: self = .nothing
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            self = .mark
        default: self = scalar.properties.isWhitespace ? .space : .letter
        }
    }

    /// The blocks that the `tokenizers` library sets apart; kana and hangul are not among them.
    private static func isChinese(_ value: UInt32) -> Bool {
        switch value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0xf900...0xfaff, 0x20000...0x2a6df, 0x2a700...0x2b81f,
            0x2b920...0x2ceaf, 0x2f800...0x2fa1f:
            true
        default: false
        }
    }
}
