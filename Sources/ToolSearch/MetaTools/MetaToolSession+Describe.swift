// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `describe_tool`: definitions as the server wrote them, one text each.
extension MetaToolSession {
    private static let mostNames = 50

    mutating func describe(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ arguments: RawMember?, _ view: MetaToolView,
        mayWait: Bool
    ) -> MetaToolVerdict {
        let asker = Asker(line, envelope)
        let names = names(arguments.flatMap { try? JSONValue(parsing: line.extracting($0.value)) })
        guard !names.isEmpty else {
            return refuse(asker, "describe_tool takes {\"name\": \"TOOL\"} or {\"names\": [\"TOOL\", …]}.")
        }
        let isOfTools = view.catalog == nil || names.contains { $0 != MetaTool.instructionsName }
        if mayWait, isOfTools, !requireCatalog(view) { return .replaced(wait(line, envelope)) }
        guard let catalog = view.catalog else {
            let reason = view.unavailable ?? "its tools are not known"
            return .replaced([tell(asker, ["\(view.server) is not available now: \(reason)"], isError: true)])
        }
        tally.descriptions += 1
        let texts = names.map { description(of: $0, catalog, view) }
        let nothing = names.allSatisfy { !isSomething($0, catalog) }
        return .replaced([tell(asker, texts, isError: nothing)])
    }

    private func names(_ values: JSONValue?) -> [String] {
        var names = (values?["names"]?.arrayValue ?? []).compactMap(\.stringValue)
        if let name = values?["name"]?.stringValue ?? values?["names"]?.stringValue { names.insert(name, at: 0) }
        return Array(names.filter { !$0.isEmpty }.prefix(Self.mostNames))
    }

    private func isSomething(_ name: String, _ catalog: ToolCatalog) -> Bool {
        name == MetaTool.instructionsName || catalog.resolve(name) != nil
    }

    private mutating func description(of name: String, _ catalog: ToolCatalog, _ view: MetaToolView) -> String {
        if let found = catalog.resolve(name) { return String(decoding: found.entry.definition, as: UTF8.self) }
        if name == MetaTool.instructionsName {
            let text = instructions ?? view.instructions
            return text.isEmpty ? "\(catalog.server) gives no instructions." : text
        }
        tally.wrongDescriptions += 1
        let near = catalog.closest(to: name, count: 3)
        let hint = near.isEmpty ? "" : " Nearest: \(near.joined(separator: ", "))."
        return "\(catalog.server) has no tool \"\(ToolName.shown(name))\".\(hint)"
    }
}
