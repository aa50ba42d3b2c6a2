// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// All tools of a backend, shared by its sessions: what may be found, described and called.
public struct ToolCatalog: Sendable {
    public let server: String
    /// In the server's order; of those with one name the first.
    public let entries: [ToolEntry]
    private let places: [String: Int]

    public init(server: String, definitions: [[UInt8]]) {
        self.server = server
        var entries: [ToolEntry] = []
        var places: [String: Int] = [:]
        for entry in definitions.lazy.compactMap({ ToolEntry(definition: $0) }) where places[entry.name] == nil {
            places[entry.name] = entries.count
            entries.append(entry)
        }
        self.entries = entries
        self.places = places
    }

    /// - Parameter result: a `tools/list` result.
    /// - Returns: nil where there is none, or it is not the whole list.
    public init?(server: String, result: [UInt8]?) {
        guard let result, let members = rawMembers(result), members["nextCursor"] == nil, let tools = members["tools"]
        else { return nil }
        self.init(server: server, list: Array(result[tools.value]))
    }

    /// Whether a list of definitions begins with those of a `tools/list` result, its first page.
    public static func begins(_ list: [[UInt8]], with result: [UInt8]) -> Bool {
        guard let tools = rawMembers(result)?["tools"], let elements = rawElements(result.span, tools.value),
            elements.count <= list.count
        else { return false }
        return zip(elements, list).allSatisfy { result[$0].elementsEqual($1) }
    }

    /// - Parameter list: a JSON array of definitions.
    init(server: String, list: [UInt8]) {
        let elements = rawElements(list.span, 0..<list.count) ?? []
        self.init(server: server, definitions: elements.map { Array(list[$0]) })
    }

    public subscript(name: String) -> ToolEntry? { places[name].map { entries[$0] } }

    /// What a model pays for all definitions, in tokens.
    public var definitionTokens: Int { entries.reduce(0) { $0 + $1.tokens } }

    public func place(of name: String) -> Int? { places[name] }

    /// The names that are written most like this one, nearest first.
    func closest(to name: String, count: Int, besides excluded: Set<String> = []) -> [String] {
        let wanted = Bigrams(ToolName.shown(name))
        let ranked = entries.filter { !excluded.contains($0.name) }
            .map { (name: $0.name, likeness: wanted.likeness(to: Bigrams($0.name))) }
            .filter { $0.likeness > 0 }
            .sorted { ($1.likeness, $0.name) < ($0.likeness, $1.name) }
        return ranked.prefix(count).map(\.name)
    }
}

/// The pairs of neighbouring letters of a name, to tell how alike two names are (Dice's coefficient).
private struct Bigrams {
    private let pairs: Set<String>

    init(_ name: String) {
        let letters = Array(name.lowercased().filter { $0.isLetter || $0.isNumber })
        pairs = Set(zip(letters, letters.dropFirst()).map { String([$0, $1]) })
    }

    func likeness(to other: Bigrams) -> Double {
        let total = pairs.count + other.pairs.count
        return total == 0 ? 0 : 2 * Double(pairs.intersection(other.pairs).count) / Double(total)
    }
}
