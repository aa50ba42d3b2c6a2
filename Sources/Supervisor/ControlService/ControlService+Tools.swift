// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import ToolSearch

extension ControlService {
    private static let mostHits = 20

    func tools(_ parameters: ToolsParameters) async throws(ControlError) -> ToolsReply {
        let backend = try find(parameters.backend)
        let tools = try await allTools(of: backend)
        let denied = Set(backend.configuration.server.denyTools)
        let visible = tools.filter { !denied.contains($0["name"]?.stringValue ?? "") }
        backend.comparePins(tools)
        let list = backend.tools.list(
            of: visible, besides: backend.ownTools, isForAll: backend.multiplexer.era == .legacy)
        var result: JSONValue = ["tools": .array(tools)]
        if let query = parameters.query { result = await search(list, query) }
        return ToolsReply(result: JSONDocument(result), tokens: backend.tokenCounts(of: list.catalog))
    }

    private func allTools(of backend: Backend) async throws(ControlError) -> [JSONValue] {
        var tools: [JSONValue] = []
        var bounds = ListBounds()
        var parameters: JSONValue?
        while true {
            let outcome = await withCheckedContinuation { [parameters] continuation in
                backend.request("tools/list", parameters) { continuation.resume(returning: $0) }
            }
            let page = try result(of: outcome, backend)
            for tool in page["tools"]?.arrayValue ?? [] {
                guard bounds.takes(tool.text.utf8.count) else { return tools }
                tools.append(tool)
            }
            guard let cursor = page["nextCursor"], cursor.stringValue != nil,
                bounds.goesOn(at: Array(cursor.text.utf8))
            else { return tools }
            parameters = ["cursor": cursor]
        }
    }

    /// What `find_tool` would find, with scores.
    private func search(_ list: ToolList, _ query: String) async -> JSONValue {
        let ranking = await withCheckedContinuation { continuation in
            list.rank(query, limit: Self.mostHits) { continuation.resume(returning: $0) }
        }
        let entries = list.catalog.entries
        let matches = ranking.hits.filter { entries.indices.contains($0.position) }.map { hit -> JSONValue in
            let entry = entries[hit.position]
            return [
                "name": .string(entry.name), "description": .string(entry.summary), "score": Self.number(hit.score),
                "words": Self.number(hit.lexical), "meaning": Self.number(hit.cosine),
            ]
        }
        return [
            "matches": .array(matches), "total": .int(Int64(ranking.total)),
            "confidence": .string(ranking.confidence.rawValue),
        ]
    }

    private static func number(_ value: Float) -> JSONValue { .number("\((Double(value) * 1000).rounded() / 1000)") }

    func stats() -> StatsReply {
        StatsReply(
            since: Clock.rfc3339(registry.statistics.since), tokenMethod: TokenEstimate.method,
            servers: registry.stats)
    }
}
