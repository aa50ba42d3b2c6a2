// SPDX-License-Identifier: Apache-2.0

/// The place a value is written to. A reference, because containers are filled after they were put into their parent.
final class EncodingSlot {
    enum Content {
        case value(JSONValue)
        case array([EncodingSlot])
        case object([(key: String, slot: EncodingSlot)])
    }

    var content = Content.value(.null)

    var json: JSONValue {
        switch content {
        case .value(let value):
            return value
        case .array(let slots):
            return .array(slots.map(\.json))
        case .object(let members):
            return .object(JSONObject(members: members.map { .init(key: $0.key, value: $0.slot.json) }))
        }
    }

    func append(_ slot: EncodingSlot) {
        guard case .array(var slots) = content else { return }
        slots.append(slot)
        content = .array(slots)
    }

    func append(_ slot: EncodingSlot, key: String) {
        guard case .object(var members) = content else { return }
        members.append((key, slot))
        content = .object(members)
    }
}

struct JSONTreeEncoder: Encoder {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// A value of any type. Bytes do not write themselves: the standard library would make them an array of numbers.
    func write<Value: Encodable>(_ value: Value) throws {
        // Types are compared, not cast: an empty array casts to any array.
        if Value.self == [UInt8].self, let bytes = value as? [UInt8] { return try EncodedBytes(bytes).encode(to: self) }
        try value.encode(to: self)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(ObjectEncoding<Key>(slot: slot, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        ArrayEncoding(slot: slot, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarEncoding(slot: slot, codingPath: codingPath)
    }
}

struct ScalarEncoding: SingleValueEncodingContainer {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]

    mutating func encodeNil() { slot.content = .value(.null) }
    mutating func encode(_ value: Bool) { slot.content = .value(.bool(value)) }
    mutating func encode(_ value: String) { slot.content = .value(.string(value)) }
    mutating func encode(_ value: Float) throws { try encode(Double(value)) }

    mutating func encode(_ value: Double) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: codingPath, debugDescription: "JSON has no number for \(value)"))
        }
        slot.content = .value(.number("\(value)"))
    }

    mutating func encode<Value: BinaryInteger & Encodable>(_ value: Value) {
        slot.content = .value(.number(String(value)))
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try JSONTreeEncoder(slot: slot, codingPath: codingPath).write(value)
    }
}
