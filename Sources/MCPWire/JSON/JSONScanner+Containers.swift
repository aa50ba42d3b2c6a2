// SPDX-License-Identifier: Apache-2.0

/// Which brackets are open: one bit each, so that nesting costs neither a heap nor the call stack.
private struct OpenBrackets {
    private var bits = InlineArray<16, UInt64>(repeating: 0)
    private(set) var depth = 0
    /// Of the innermost bracket; asked for at every comma.
    private(set) var isInObject = false

    @inline(always)
    mutating func open(object: Bool) {
        let mask: UInt64 = 1 &<< UInt64(depth % 64)
        if object { bits[depth / 64] |= mask } else { bits[depth / 64] &= ~mask }
        depth &+= 1
        isInObject = object
    }

    @inline(always)
    mutating func close() {
        depth &-= 1
        guard depth > 0 else { return }
        isInObject = bits[(depth &- 1) / 64] & (1 &<< UInt64((depth &- 1) % 64)) != 0
    }
}

extension JSONScanner {
    /// From an opening bracket to behind the closing one.
    ///
    /// Structured results of megabytes are a token every few bytes, so this is the one loop where instructions count:
    /// it works on a copy of its own, which stays in registers, and leaves strings with escapes to a function beside.
    mutating func skipContainer(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        var scanner = self
        var brackets = OpenBrackets()
        repeat {
            scanner.skipWhitespace(bytes)
            let byte = try scanner.peek(bytes)
            switch byte {
            case UInt8(ascii: "\""): try scanner.skipPlainString(bytes)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard brackets.depth < Self.maximumDepth else { throw scanner.failure("nested too deep") }
                if try scanner.enter(bytes, object: byte == UInt8(ascii: "{"), &brackets) { continue }
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): _ = try scanner.skipNumber(bytes)
            default: _ = try scanner.skipScalar(bytes)
            }
            try scanner.leave(bytes, &brackets)
        } while brackets.depth > 0
        self = scanner
    }

    /// Past an opening bracket, in an object past the first name; false when the container is empty.
    @inline(always)
    private mutating func enter(
        _ bytes: Span<UInt8>, object: Bool, _ brackets: inout OpenBrackets
    ) throws(JSONSyntaxError) -> Bool {
        offset &+= 1
        skipWhitespace(bytes)
        if try peek(bytes) == (object ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            offset &+= 1
            return false
        }
        brackets.open(object: object)
        if object { try skipPlainName(bytes) }
        return true
    }

    /// Behind a value: past all brackets that close here, up to the next value.
    @inline(always)
    private mutating func leave(_ bytes: Span<UInt8>, _ brackets: inout OpenBrackets)
        throws(JSONSyntaxError)
    {
        while brackets.depth > 0 {
            if try continues(bytes, until: brackets.isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                if brackets.isInObject { try skipPlainName(bytes) }
                return
            }
            brackets.close()
        }
    }

    /// Past white space, a member's name and the colon.
    @inline(always)
    private mutating func skipPlainName(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        skipWhitespace(bytes)
        guard try peek(bytes) == UInt8(ascii: "\"") else { throw failure("a member name was expected") }
        try skipPlainString(bytes)
        skipWhitespace(bytes)
        guard try peek(bytes) == UInt8(ascii: ":") else { throw failure("':' was expected") }
        offset &+= 1
    }

    /// Past a string, from its opening mark.
    @inline(always)
    private mutating func skipPlainString(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        let end = endOfPlainText(bytes, from: offset &+ 1)
        if end < bytes.count, byteInside(bytes, end) == UInt8(ascii: "\"") {
            offset = end &+ 1
        } else {
            offset = try Self.endOfString(bytes, from: offset)
        }
    }

    @inline(never)
    private static func endOfString(_ bytes: Span<UInt8>, from start: Int) throws(JSONSyntaxError) -> Int {
        var scanner = JSONScanner(at: start)
        _ = try scanner.skipString(bytes)
        return scanner.offset
    }
}
