// SPDX-License-Identifier: Apache-2.0

/// The body of a function, initializer or deinitializer.
struct FunctionBody {
    /// The line of its declaration, counted from 1.
    let line: Int
    /// Lines between its braces.
    let length: Int

    /// Every one in a file, in order.
    static func all(in code: SwiftCode) -> [FunctionBody] {
        let bytes = code.bytes
        var bodies: [FunctionBody] = []
        var line = 1
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            guard let start = declarationEnd(bytes, at: index), let open = bodyStart(bytes, from: start) else {
                continue
            }
            let close = match(bytes, from: open)
            let length = bytes[open...close].count { $0 == UInt8(ascii: "\n") }
            bodies.append(FunctionBody(line: line, length: max(0, length - 1)))
        }
        return bodies
    }

    /// Past `func`, `init` or `deinit` as a keyword; `nil` when there is none here.
    private static func declarationEnd(_ bytes: [UInt8], at index: Int) -> Int? {
        guard "fid".utf8.contains(bytes[index]) else { return nil }
        guard index == 0 || !isWord(bytes[index - 1]) && bytes[index - 1] != UInt8(ascii: ".") else { return nil }
        for keyword in ["func", "init", "deinit"] {
            let end = index + keyword.utf8.count
            guard bytes[index...].starts(with: keyword.utf8), end < bytes.count, !isWord(bytes[end]) else { continue }
            return end
        }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || Character(Unicode.Scalar(byte)).isLetter
            || Character(Unicode.Scalar(byte)).isNumber
    }

    /// The brace that opens the body; `nil` for a requirement of a protocol, which has none.
    private static func bodyStart(_ bytes: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var sawParameters = false
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                depth -= 1
                sawParameters = true
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0, UInt8(ascii: ";") where depth == 0: return nil
            case UInt8(ascii: "\n") where depth == 0 && sawParameters:
                if !continues(bytes, after: index) { return nil }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Whether the next line goes on with the signature.
    private static func continues(_ bytes: [UInt8], after newline: Int) -> Bool {
        let rest = bytes[(newline + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        return ["{", "->", "async", "throws", "where", "rethrows"].contains { rest.starts(with: $0.utf8) }
    }

    /// The brace that closes.
    private static func match(_ bytes: [UInt8], from open: Int) -> Int {
        var depth = 0
        for index in open..<bytes.count {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return bytes.count - 1
    }
}
