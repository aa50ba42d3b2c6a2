// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Reads one JSON text (RFC 8259) and nothing after it but white space.
    ///
    /// Invalid UTF-8 and lone surrogate escapes become U+FFFD; everything else outside the grammar throws.
    public init(parsing bytes: Span<UInt8>, maximumDepth: Int = 128) throws(JSONSyntaxError) {
        var parser = JSONParser(maximumDepth: maximumDepth)
        self = try parser.parseText(bytes)
    }

    public init(parsing bytes: [UInt8], maximumDepth: Int = 128) throws(JSONSyntaxError) {
        try self.init(parsing: bytes.span, maximumDepth: maximumDepth)
    }

    public init(parsing text: String, maximumDepth: Int = 128) throws(JSONSyntaxError) {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}

/// A recursive descent over the bytes; only the place and the depth are state.
struct JSONParser {
    let maximumDepth: Int
    var offset = 0
    var depth = 0

    init(maximumDepth: Int) { self.maximumDepth = maximumDepth }

    mutating func parseText(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        let value = try parseValue(bytes)
        skipWhitespace(bytes)
        guard offset == bytes.count else { throw failure("text after the value") }
        return value
    }

    private mutating func parseValue(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        skipWhitespace(bytes)
        switch try peek(bytes) {
        case UInt8(ascii: "{"): return try parseObject(bytes)
        case UInt8(ascii: "["): return try parseArray(bytes)
        case UInt8(ascii: "\""): return .string(try parseString(bytes))
        case UInt8(ascii: "t"): return try parseWord(bytes, "true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord(bytes, "false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord(bytes, "null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try parseNumber(bytes))
        default: throw failure("a value was expected")
        }
    }

    private mutating func parseObject(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        try descend()
        var object = JSONObject()
        offset += 1
        skipWhitespace(bytes)
        if try peek(bytes) == UInt8(ascii: "}") {
            offset += 1
        } else {
            repeat {
                skipWhitespace(bytes)
                guard try peek(bytes) == UInt8(ascii: "\"") else {
                    throw failure("a member name was expected")
                }
                let key = try parseString(bytes)
                skipWhitespace(bytes)
                guard try peek(bytes) == UInt8(ascii: ":") else { throw failure("':' was expected") }
                offset += 1
                object.members.append(JSONObject.Member(key: key, value: try parseValue(bytes)))
            } while try continues(bytes, until: UInt8(ascii: "}"))
        }
        depth -= 1
        return .object(object.keepingLastOfEachKey())
    }

    private mutating func parseArray(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        try descend()
        var elements: [JSONValue] = []
        offset += 1
        skipWhitespace(bytes)
        if try peek(bytes) == UInt8(ascii: "]") {
            offset += 1
        } else {
            repeat {
                elements.append(try parseValue(bytes))
            } while try continues(bytes, until: UInt8(ascii: "]"))
        }
        depth -= 1
        return .array(elements)
    }

    /// Past a comma: true; past the closing bracket: false.
    private mutating func continues(_ bytes: Span<UInt8>, until close: UInt8) throws(JSONSyntaxError)
        -> Bool
    {
        skipWhitespace(bytes)
        let byte = try peek(bytes)
        guard byte == close || byte == UInt8(ascii: ",") else {
            throw failure("',' or a closing bracket was expected")
        }
        offset += 1
        return byte != close
    }

    private mutating func parseWord(
        _ bytes: Span<UInt8>, _ word: StaticString, _ value: JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        for expected in word.description.utf8 {
            guard offset < bytes.count, bytes[offset] == expected else {
                throw failure("'\(word)' was expected")
            }
            offset += 1
        }
        return value
    }

    private mutating func descend() throws(JSONSyntaxError) {
        depth += 1
        guard depth <= maximumDepth else { throw failure("nested deeper than \(maximumDepth)") }
    }

    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while offset < bytes.count, isJSONWhitespace(bytes[offset]) { offset += 1 }
    }

    func peek(_ bytes: Span<UInt8>) throws(JSONSyntaxError) -> UInt8 {
        guard offset < bytes.count else { throw failure("the text ends in the middle") }
        return bytes[offset]
    }

    func failure(_ reason: String) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset, reason: reason)
    }
}

@inline(__always)
func isJSONWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

extension JSONObject {
    fileprivate func keepingLastOfEachKey() -> JSONObject {
        guard members.count > 1 else { return self }
        var places: [String: Int] = [:]
        var unique: [Member] = []
        for member in members {
            if let place = places[member.key] {
                unique[place] = member
            } else {
                places[member.key] = unique.count
                unique.append(member)
            }
        }
        return unique.count == members.count ? self : JSONObject(members: unique)
    }
}
