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
        tokens = TokenEstimate.tokens(in: Self.modelText(members, definition))
    }

    private static func modelText(_ members: [RawMember], _ definition: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for name in ["name", "description", "inputSchema"] {
            guard let member = members[name] else { continue }
            text.write(text.isEmpty ? "{" : ",")
            writeJSONString(name, to: &text)
            text.write(":")
            text += definition[member.value]
        }
        text.write("}")
        return text
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

    func hasParameter(_ name: String) -> Bool { parameters.contains { $0.name == name } }
}

/// The first sentence of a description: what a list can afford to show.
enum FirstSentence {
    private static let limit = 160

    static func of(_ text: String) -> String {
        var sentence = ""
        for character in text {
            if character.isNewline || character == "\t" || character == " " {
                if sentence.isEmpty || sentence.hasSuffix(" ") { continue }
                if endsSentence(sentence) { break }
                sentence.append(" ")
            } else {
                sentence.append(character)
            }
        }
        while sentence.hasSuffix(" ") { sentence.removeLast() }
        guard sentence.count > limit else { return sentence }
        return sentence.prefix(limit - 1) + "…"
    }

    /// A full stop ends a sentence unless it ends an abbreviation such as "e.g.".
    private static func endsSentence(_ text: String) -> Bool {
        guard let last = text.last, last == "." || last == "!" || last == "?" else { return false }
        let word = text.split(separator: " ").last ?? ""
        return !word.dropLast().contains(".") && word != "etc." && word != "vs."
    }
}
