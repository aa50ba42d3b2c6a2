// SPDX-License-Identifier: Apache-2.0

struct JSONTreeDecoder: Decoder {
    let json: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = json else { throw mismatch(JSONObject.self, expected: "an object") }
        return KeyedDecodingContainer(ObjectDecoding<Key>(object: object, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let values) = json else { throw mismatch([JSONValue].self, expected: "an array") }
        return ArrayDecoding(values: values, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        ScalarDecoding(decoder: self)
    }

    /// A value of any type. Bytes do not read themselves: the standard library would take them number by number.
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == [UInt8].self, let bytes = try EncodedBytes(from: self).bytes as? Value { return bytes }
        return try Value(from: self)
    }

    func mismatch(_ type: Any.Type, expected: String) -> DecodingError {
        .typeMismatch(
            type, .init(codingPath: codingPath, debugDescription: "expected \(expected), found \(json.kindInWords)"))
    }
}

struct ScalarDecoding: SingleValueDecodingContainer {
    let decoder: JSONTreeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.json == .null }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let value = decoder.json.boolValue else { throw decoder.mismatch(type, expected: "true or false") }
        return value
    }

    func decode(_ type: String.Type) throws -> String {
        guard let value = decoder.json.stringValue else { throw decoder.mismatch(type, expected: "a string") }
        return value
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let value = decoder.json.doubleValue else { throw decoder.mismatch(type, expected: "a number") }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }

    func decode<Value: FixedWidthInteger & Decodable>(_ type: Value.Type) throws -> Value {
        // Over the largest Int64 there are numbers that a UInt64 holds.
        if case .number(let text) = decoder.json, let value = Value(text) { return value }
        guard let value = decoder.json.intValue else { throw decoder.mismatch(type, expected: "an integer") }
        guard let exact = Value(exactly: value) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: "\(value) is out of range"))
        }
        return exact
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.value(type) }
}

extension JSONValue {
    /// What it is, for error texts.
    var kindInWords: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number(let text): "the number \(text.prefix(32))"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
