// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// One tool of a backend: its definition as it was written, and what the meta-tools show of it.
public struct ToolEntry: Sendable, Equatable, Codable {
    /// One parameter of the tool's input schema.
    public struct Parameter: Sendable, Equatable, Codable {
        public let name: String
        /// A word for its type; empty where the schema has none.
        public let type: String
        public let isRequired: Bool
    }

    /// The definition, byte for byte as the server wrote it.
    public let definition: [UInt8]
    public let name: String
    public let summary: String
    public let parameters: [Parameter]
    /// `annotations.readOnlyHint` is true.
    public let isReadOnly: Bool
    /// What a model pays for the definition: tokens of its name, description and input schema, as clients hand them on.
    public let tokens: Int
    /// Where the input schema lies in the definition.
    let schema: Range<Int>
    /// Where the annotations lie in the definition; empty where there are none.
    let annotations: Range<Int>

    /// - Returns: nil for an element that is no tool.
    public init?(definition: [UInt8]) {
        guard let members = rawMembers(definition), let value = try? JSONValue(parsing: definition),
            let name = value["name"]?.stringValue, !name.isEmpty
        else { return nil }
        self.definition = definition
        self.name = name
        summary = FirstSentence.of(value["description"]?.stringValue ?? value["title"]?.stringValue ?? "")
        parameters = Self.parameters(of: value["inputSchema"])
        isReadOnly = value["annotations"]?["readOnlyHint"]?.boolValue ?? false
        schema = members["inputSchema"]?.value ?? 0..<0
        annotations = members["annotations"].flatMap { $0.kind == .object ? $0.value : nil } ?? 0..<0
        tokens = TokenEstimate.tokens(in: Self.modelText(value))
    }

    /// Clients read the definition and write it anew: without its spaces and escapes.
    private static func modelText(_ value: JSONValue) -> [UInt8] {
        var shown = JSONObject()
        for name in ["name", "description", "inputSchema"] { shown[name] = value[name] }
        return Array(JSONValue.object(shown).text.utf8)
    }

    private static func parameters(of schema: JSONValue?) -> [Parameter] {
        let required = Set((schema?["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        let properties = schema?["properties"]?.objectValue?.members ?? []
        let all = properties.map { member in
            Parameter(name: member.key, type: typeWord(member.value), isRequired: required.contains(member.key))
        }
        return all.filter(\.isRequired) + all.filter { !$0.isRequired }
    }

    private static func typeWord(_ schema: JSONValue) -> String {
        if let type = schema["type"]?.stringValue {
            guard type == "array", let element = schema["items"]?["type"]?.stringValue else { return type }
            return "\(element)[]"
        }
        for word in ["anyOf", "oneOf"] {
            let types = (schema[word]?.arrayValue ?? []).map(typeWord).filter { !$0.isEmpty && $0 != "null" }
            if let first = types.first { return first }
        }
        return schema["enum"] == nil ? "" : "string"
    }

    /// The input schema as it was written; empty where the definition has none.
    public var schemaText: [UInt8] { Array(definition[schema]) }

    /// Whether its parameters are all that it takes, as far as its schema tells at first sight.
    var tellsItsParameters: Bool {
        guard !parameters.isEmpty, let members = rawMembers(schemaText) else { return false }
        return ["$ref", "anyOf", "oneOf", "allOf"].allSatisfy { members[$0] == nil }
    }

    func hasParameter(_ name: String) -> Bool { parameters.contains { $0.name == name } }
}

/// The first sentence of a description: what a list can afford to show.
enum FirstSentence {
    private static let limit = 160

    static func of(_ text: String) -> String {
        var sentence = ""
        var count = 0
        // What is longer is cut in any case; one more than that may be a space, which does not count.
        for character in text where count < limit + 2 {
            if character.isNewline || character == "\t" || character == " " {
                if sentence.isEmpty || sentence.hasSuffix(" ") { continue }
                if endsSentence(sentence) { break }
                sentence.append(" ")
            } else {
                sentence.append(character)
            }
            count += 1
        }
        while sentence.hasSuffix(" ") { sentence.removeLast() }
        guard sentence.count > limit else { return sentence }
        return sentence.prefix(limit - 1) + "…"
    }

    /// A full stop ends a sentence unless it ends an abbreviation such as "e.g.".
    private static func endsSentence(_ text: String) -> Bool {
        guard let last = text.last, last == "." || last == "!" || last == "?" else { return false }
        let word = text.lastIndex(of: " ").map { text[text.index(after: $0)...] } ?? text[...]
        return !word.dropLast().contains(".") && word != "etc." && word != "vs."
    }
}
