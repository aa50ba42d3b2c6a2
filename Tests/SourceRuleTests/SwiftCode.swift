// SPDX-License-Identifier: Apache-2.0

/// Swift text with comments and the contents of string literals blanked: what is left is code, line by line as it was.
struct SwiftCode {
    let bytes: [UInt8]
    let lines: [Substring]

    /// The identifiers and keywords.
    var words: [Substring] {
        lines.flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "@") } }
    }

    init(_ source: String) {
        var blanker = Blanker(Array(source.utf8))
        blanker.code(untilParenthesis: false)
        bytes = blanker.output
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }
}

/// Walks through the text once. Interpolations are code inside of strings; they are blanked with them, so that braces
/// always match.
private struct Blanker {
    private let input: [UInt8]
    private(set) var output: [UInt8] = []
    private var place = 0
    private var isBlanking = false

    init(_ input: [UInt8]) { self.input = input }

    private func at(_ first: Unicode.Scalar, _ second: Unicode.Scalar? = nil, _ third: Unicode.Scalar? = nil) -> Bool {
        has(first, 0) && (second == nil || has(second, 1)) && (third == nil || has(third, 2))
    }

    private func has(_ scalar: Unicode.Scalar?, _ offset: Int) -> Bool {
        place + offset < input.count && UInt32(input[place + offset]) == scalar?.value
    }

    private mutating func copy() {
        let byte = input[place]
        output.append(isBlanking && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
        place += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where place < input.count {
            output.append(input[place] == UInt8(ascii: "\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            place += 1
        }
    }

    mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while place < input.count {
            if at("/", "/") {
                while place < input.count, input[place] != UInt8(ascii: "\n") { blank(1) }
            } else if at("/", "*") {
                comment()
            } else if at("\"") || at("#", "\"") || at("#", "#", "\"") {
                string()
            } else {
                if at("(") { depth += 1 }
                if at(")") {
                    depth -= 1
                    if untilParenthesis, depth < 0 { return }
                }
                copy()
            }
        }
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if at("/", "*") {
                depth += 1
                blank(2)
            } else if at("*", "/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && place < input.count
    }

    private mutating func string() {
        var hashes = 0
        while at("#") {
            hashes += 1
            blank(1)
        }
        let isLong = at("\"", "\"", "\"")
        let end =
            [UInt8](repeating: UInt8(ascii: "\""), count: isLong ? 3 : 1)
            + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        blank(isLong ? 3 : 1)
        while place < input.count, !input[place...].starts(with: end) {
            guard input[place...].starts(with: escape) else {
                blank(1)
                continue
            }
            blank(escape.count)
            guard at("(") else {
                blank(1)
                continue
            }
            blank(1)
            let outer = isBlanking
            isBlanking = true
            code(untilParenthesis: true)
            isBlanking = outer
            blank(1)
        }
        blank(end.count)
    }
}
