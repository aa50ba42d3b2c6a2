// SPDX-License-Identifier: Apache-2.0

/// An object being written. What is `nil` is written as `null`: so every overload of `encodeIfPresent` is here, whose
/// default writes nothing (a generic one does not stand in for those of the standard types).
struct ObjectEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]

    init(slot: EncodingSlot, codingPath: [any CodingKey]) {
        self.slot = slot
        self.codingPath = codingPath
        if case .object = slot.content { return }
        slot.content = .object([])
    }

    private func encoder(for key: some CodingKey) -> JSONTreeEncoder {
        let member = EncodingSlot()
        slot.append(member, key: key.stringValue)
        return JSONTreeEncoder(slot: member, codingPath: codingPath + [key])
    }

    mutating func encodeNil(forKey key: Key) { _ = encoder(for: key) }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try encoder(for: key).write(value)
    }

    private func encodeOptional(_ value: (some Encodable)?, forKey key: Key) throws {
        let encoder = encoder(for: key)
        if let value { try encoder.write(value) }
    }

    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }

    mutating func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder(for: key).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder(for: key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { JSONTreeEncoder(slot: slot, codingPath: codingPath) }
    mutating func superEncoder(forKey key: Key) -> any Encoder { encoder(for: key) }
}

/// An array being written.
struct ArrayEncoding: UnkeyedEncodingContainer {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]

    init(slot: EncodingSlot, codingPath: [any CodingKey]) {
        self.slot = slot
        self.codingPath = codingPath
        if case .array = slot.content { return }
        slot.content = .array([])
    }

    var count: Int {
        guard case .array(let slots) = slot.content else { return 0 }
        return slots.count
    }

    private func nextEncoder() -> JSONTreeEncoder {
        let path = codingPath + [IndexKey(count)]
        let element = EncodingSlot()
        slot.append(element)
        return JSONTreeEncoder(slot: element, codingPath: path)
    }

    mutating func encodeNil() { _ = nextEncoder() }
    mutating func encode<Value: Encodable>(_ value: Value) throws { try nextEncoder().write(value) }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nextEncoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nextEncoder().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { nextEncoder() }
}
