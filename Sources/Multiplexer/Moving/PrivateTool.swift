// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A tool that changes what all sessions of a backend see: whoever calls it gets a backend of its own.
public struct PrivateTool: Sendable, Codable, Equatable {
    /// Its name, or the beginning of names followed by `*`.
    public var name: String
    /// Arguments, and the text that each has in a call that changes nothing; such a call is one like any other. A slash
    /// at the end makes no difference. Empty: every call changes something.
    public var unless: [String: String]

    public init(name: String, unless: [String: String] = [:]) {
        self.name = name
        self.unless = unless
    }

    func covers(_ tool: String) -> Bool {
        name.last == "*" ? tool.hasPrefix(name.dropLast()) : tool == name
    }

    /// - Parameter params: of the call, as the client wrote them.
    func changesNothing(_ params: Span<UInt8>) -> Bool {
        guard !unless.isEmpty, let range = memberRange("arguments", in: params) else { return false }
        let arguments = ObjectMembers(params, range)
        return unless.allSatisfy { argument, text in
            arguments.text(params, argument).map(Self.withoutSlash) == Self.withoutSlash(text)
        }
    }

    private static func withoutSlash(_ text: String) -> Substring {
        text.count > 1 && text.last == "/" ? text.dropLast() : text[...]
    }
}

extension Multiplexer {
    /// The entry for the tool that a call names.
    func privateTool(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> PrivateTool? {
        guard let name = String(token: envelope.params.name.range, of: line) else { return nil }
        return configuration.privateTools.first { $0.covers(name) }
    }
}
