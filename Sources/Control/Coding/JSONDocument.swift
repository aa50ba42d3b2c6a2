// SPDX-License-Identifier: Apache-2.0
public import MCPWire

/// JSON that passes through a control message as it is (`object` in the `.varlink` text): a tool's arguments, a result.
public struct JSONDocument: Codable, Sendable, Equatable {
    public var value: JSONValue

    public init(_ value: JSONValue) { self.value = value }

    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? ControlDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "only ControlCoding reads raw JSON"))
        }
        value = decoder.json
    }

    public func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? ControlEncoder else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: encoder.codingPath, debugDescription: "only ControlCoding writes raw JSON"))
        }
        encoder.slot.content = .value(value)
    }
}
