// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix
import ToolSearch

/// Tools and queries with the answers that count as right: a line a JSON object, as in the evaluation data.
struct Corpus {
    struct Query {
        let set: String
        let text: String
        let right: Set<String>
        let main: String
        let universe: String
        /// Rank these only; empty: the whole universe.
        let candidates: [String]
    }

    struct Tool {
        let id: String
        let universe: String
        let document: ToolDocument
    }

    let tools: [Tool]
    let queries: [Query]

    init(tools: String, queries: String) throws {
        self.tools = try Corpus.lines(tools).compactMap(Corpus.tool)
        self.queries = try Corpus.lines(queries).compactMap(Corpus.query)
    }

    private static func lines(_ path: String) throws -> [JSONValue] {
        try Files.read(path, limit: 256 << 20).split(separator: UInt8(ascii: "\n")).map {
            try JSONValue(parsing: Array($0))
        }
    }

    private static func tool(_ line: JSONValue) -> Tool? {
        guard let id = line["id"]?.stringValue, let name = line["name"]?.stringValue,
            let universe = line["u"]?.stringValue
        else { return nil }
        let server = line["server"]?.stringValue ?? ""
        let parameters = (line["params"]?.arrayValue ?? []).map { parameter in
            ToolDocument.Parameter(
                name: parameter["n"]?.stringValue ?? "", description: parameter["d"]?.stringValue ?? "",
                choices: parameter["e"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
        // Two of the universes name no servers, and number tools of the same name.
        let document = ToolDocument(
            server: ["plugin", "f"].contains(server) ? "" : server,
            name: name.split(separator: "#").first.map(String.init) ?? name,
            description: line["description"]?.stringValue ?? "", parameters: parameters)
        return Tool(id: id, universe: universe, document: document)
    }

    private static func query(_ line: JSONValue) -> Query? {
        let right = line["gold"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard let set = line["set"]?.stringValue, let text = line["q"]?.stringValue, let main = right.first,
            let universe = line["u"]?.stringValue
        else { return nil }
        return Query(
            set: set, text: text, right: Set(right), main: main, universe: universe,
            candidates: line["cands"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }
}
