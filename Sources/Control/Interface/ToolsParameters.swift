// SPDX-License-Identifier: Apache-2.0

/// `Tools`: a backend's tools, or what a search in them finds.
public struct ToolsParameters: MethodParameters {
    public typealias Reply = ToolsReply
    public static let method = ControlMethod.tools

    public var backend: String
    public var query: String?

    public init(backend: String, query: String? = nil) {
        self.backend = backend
        self.query = query
    }
}

/// `Call`: one tool call.
public struct CallParameters: MethodParameters {
    public typealias Reply = ResultReply
    public static let method = ControlMethod.call

    public var backend: String
    public var tool: String
    /// A JSON object.
    public var arguments: JSONDocument?

    public init(backend: String, tool: String, arguments: JSONDocument? = nil) {
        self.backend = backend
        self.tool = tool
        self.arguments = arguments
    }
}

/// The backend's own `tools/list` result, or what the search found; and what the tools cost a conversation.
public struct ToolsReply: Codable, Sendable, Equatable {
    public var result: JSONDocument
    public var tokens: TokenCounts?

    public init(result: JSONDocument, tokens: TokenCounts?) {
        self.result = result
        self.tokens = tokens
    }
}

/// A result of the backend's own, as it came.
public struct ResultReply: Codable, Sendable, Equatable {
    public var result: JSONDocument

    public init(result: JSONDocument) { self.result = result }
}
