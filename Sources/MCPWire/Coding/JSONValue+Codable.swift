// SPDX-License-Identifier: Apache-2.0

/// JSON in the middle of a value: our own coder puts it there as it is, any other gets its text.
extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        if let decoder = decoder as? JSONTreeDecoder {
            self = decoder.json
        } else {
            self = try JSONValue(parsing: try decoder.singleValueContainer().decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if let encoder = encoder as? JSONTreeEncoder {
            encoder.slot.content = .value(self)
        } else {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }
}

extension JSONObject: Codable {
    public init(from decoder: any Decoder) throws {
        guard let object = try JSONValue(from: decoder).objectValue else {
            throw DecodingError.typeMismatch(
                JSONObject.self, .init(codingPath: decoder.codingPath, debugDescription: "expected an object"))
        }
        self = object
    }

    public func encode(to encoder: any Encoder) throws { try JSONValue.object(self).encode(to: encoder) }
}
