// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What `find_tool` says: one line a hit, and the same for programs.
struct FindAnswer {
    /// Bytes up to which the schema of the first hit comes with it: it saves a `describe_tool`.
    private static let smallSchema = 1200

    let catalog: ToolCatalog
    let hits: [Ranking.Hit]
    let confidence: Ranking.Confidence
    let query: String
    let pins: Set<String>
    let unavailable: String?

    private var total: Int { catalog.entries.count { !pins.contains($0.name) } }
    private var first: ToolEntry? { hits.first.map { catalog.entries[$0.position] } }
    /// The schema of the first hit, where it is small and says something.
    private var firstSchema: [UInt8]? {
        guard let first, !first.parameters.isEmpty, first.schemaText.count <= Self.smallSchema else { return nil }
        return first.schemaText
    }

    private var closest: [String] { catalog.closest(to: query, count: 3, besides: pins) }

    var text: String {
        var lines = hits.map { catalog.entries[$0.position].line }
        if let first, let schema = firstSchema {
            lines.append("Arguments of \(first.name): \(String(decoding: schema, as: UTF8.self))")
        }
        lines.append(closing)
        if let unavailable { lines.append("\(catalog.server) is not available now: \(unavailable)") }
        return lines.joined(separator: "\n")
    }

    private var closing: String {
        guard !hits.isEmpty else {
            let names = closest.isEmpty ? "" : " Names like it: \(closest.joined(separator: ", "))."
            return "No tool of \(total) matches.\(names) Say it in other words; an empty query lists all names."
        }
        let count = "Showing \(hits.count) of \(total); refine the query for others, or describe_tool a name."
        return confidence == .low ? "\(count) None matches well: check before calling." : count
    }

    var structured: JSONValue {
        var object: JSONObject = ["matches": .array(hits.enumerated().map { match($1, isFirst: $0 == 0) })]
        object["total"] = .int(Int64(total))
        object["confidence"] = .string(confidence.rawValue)
        if hits.isEmpty { object["closest"] = .array(closest.map(JSONValue.string)) }
        object["unavailable"] = Self.unavailable(catalog.server, unavailable)
        return .object(object)
    }

    private func match(_ hit: Ranking.Hit, isFirst: Bool) -> JSONValue {
        let entry = catalog.entries[hit.position]
        var match: JSONObject = ["name": .string(entry.name), "description": .string(entry.summary)]
        match["required"] = .array(entry.parameters.filter(\.isRequired).map { .string($0.name) })
        if isFirst, let schema = firstSchema { match["inputSchema"] = try? JSONValue(parsing: schema) }
        if !entry.annotations.isEmpty {
            match["annotations"] = try? JSONValue(parsing: Array(entry.definition[entry.annotations]))
        }
        match["score"] = .number("\((hit.score * 1000).rounded() / 1000)")
        return .object(match)
    }

    static func unavailable(_ server: String, _ reason: String?) -> JSONValue {
        guard let reason else { return [] }
        return [["server": .string(server), "reason": .string(reason)]]
    }
}
