// SPDX-License-Identifier: Apache-2.0

/// Which brackets are open: one bit each, so that nesting costs neither a heap nor the call stack.
private struct OpenBrackets {
    private var bits = InlineArray<16, UInt64>(repeating: 0)
    private(set) var depth = 0

    var isInObject: Bool { bits[(depth &- 1) / 64] & (1 &<< UInt64((depth &- 1) % 64)) != 0 }

    mutating func open(object: Bool) {
        let mask: UInt64 = 1 &<< UInt64(depth % 64)
        if object { bits[depth / 64] |= mask } else { bits[depth / 64] &= ~mask }
        depth &+= 1
    }

    mutating func close() { depth &-= 1 }
}

extension JSONScanner {
    /// From an opening bracket to behind the closing one.
    mutating func skipContainer(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        var brackets = OpenBrackets()
        repeat {
            skipWhitespace(bytes)
            let byte = try peek(bytes)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard brackets.depth < Self.maximumDepth else { throw failure("nested too deep") }
                if try enter(bytes, object: byte == UInt8(ascii: "{"), &brackets) { continue }
            } else {
                _ = try skipScalar(bytes)
            }
            try leave(bytes, &brackets)
        } while brackets.depth > 0
    }

    /// Past an opening bracket, in an object past the first name; false when the container is empty.
    @inline(__always)
    private mutating func enter(
        _ bytes: Span<UInt8>, object: Bool, _ brackets: inout OpenBrackets
    ) throws(JSONSyntaxError) -> Bool {
        offset += 1
        skipWhitespace(bytes)
        if try peek(bytes) == (object ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            offset += 1
            return false
        }
        brackets.open(object: object)
        if object { _ = try skipName(bytes) }
        return true
    }

    /// Behind a value: past all brackets that close here, up to the next value.
    @inline(__always)
    private mutating func leave(_ bytes: Span<UInt8>, _ brackets: inout OpenBrackets)
        throws(JSONSyntaxError)
    {
        while brackets.depth > 0 {
            let isObject = brackets.isInObject
            if try continues(bytes, until: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                if isObject { _ = try skipName(bytes) }
                return
            }
            brackets.close()
        }
    }
}
