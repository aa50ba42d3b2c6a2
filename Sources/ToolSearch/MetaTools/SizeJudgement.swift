// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a session is given up front, in tokens: with a backend's own list, and with meta-tools.
public struct SizeJudgement: Sendable, Equatable {
    /// Definitions of all tools.
    public let definitions: Int
    /// The server's instructions, whole.
    public let instructions: Int
    /// The visible list and the shortened instructions.
    public let given: Int
    private let threshold: Int

    public init(_ catalog: ToolCatalog, _ instructions: String, _ options: MetaToolOptions) {
        definitions = catalog.definitionTokens
        self.instructions = TokenEstimate.tokens(in: Array(instructions.utf8))
        let visible = ToolCatalog(server: catalog.server, list: MetaTool.list(catalog, options))
        given =
            visible.definitionTokens
            + TokenEstimate.tokens(in: Array(ShortInstructions.of(instructions).utf8))
        threshold = options.threshold
    }

    public var plain: Int { definitions + instructions }

    /// Below the threshold a search and a description cost more than is saved.
    public var isWorthIt: Bool { plain > threshold && given < plain }
}
