// SPDX-License-Identifier: Apache-2.0
public import MCPWire

/// JSON that passes through a control message as it is (`object` in the `.varlink` text): a tool's arguments, a result.
public struct JSONDocument: Codable, Sendable, Equatable {
    public var value: JSONValue

    public init(_ value: JSONValue) { self.value = value }

    public init(from decoder: any Decoder) throws { value = try JSONValue(from: decoder) }

    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
