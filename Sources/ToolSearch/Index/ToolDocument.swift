// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// What a search looks at of one tool.
public struct ToolDocument: Sendable, Equatable {
    public struct Parameter: Sendable, Equatable {
        public let name: String
        public let description: String
        /// Values that it may have, where the schema names them.
        public let choices: [String]

        public init(name: String, description: String = "", choices: [String] = []) {
            self.name = name
            self.description = description
            self.choices = choices
        }
    }

    /// The server's name, which people use to say what they mean; may be empty.
    public let server: String
    public let name: String
    public let description: String
    public let parameters: [Parameter]

    public init(server: String, name: String, description: String, parameters: [Parameter]) {
        self.server = server
        self.name = name
        self.description = description
        self.parameters = parameters
    }

    /// Reads an element of a `tools/list` result (schema 2025-11-25, Tool); nil when it has no name.
    public init?(server: String, definition: JSONValue) {
        guard let name = definition["name"]?.stringValue, !name.isEmpty else { return nil }
        self.server = server
        self.name = name
        description = definition["description"]?.stringValue ?? definition["title"]?.stringValue ?? ""
        let properties = definition["inputSchema"]?["properties"]?.objectValue?.members ?? []
        parameters = properties.map { member in
            let choices = member.value["enum"]?.arrayValue ?? member.value["items"]?["enum"]?.arrayValue ?? []
            return Parameter(
                name: member.key, description: member.value["description"]?.stringValue ?? "",
                choices: choices.compactMap(\.stringValue))
        }
    }
}

extension ToolDocument {
    /// The four texts whose vectors add up to the tool's: a name alone is like a short query, the whole text like a long
    /// one, and their sum ranked best.
    public var forms: [String] {
        let title = Identifier.spaced(name)
        let place = server.isEmpty ? title : "\(Identifier.spaced(server)) \(title)"
        let whole = "\(place): \(description)"
        return [title, "\(place): \(firstSentence)", whole, "\(whole) \(parameterText)"]
    }

    /// Up to the first full stop, question mark, exclamation mark or line break; at most 200 characters.
    public var firstSentence: String {
        var sentence = ""
        var before: Character = " "
        for character in description.prefix(200) {
            if character.isNewline || (character.isWhitespace && ".!?".contains(before)) { break }
            sentence.append(character)
            before = character
        }
        return sentence
    }

    private var parameterText: String {
        parameters.map { parameter in
            ([Identifier.spaced(parameter.name), parameter.description] + parameter.choices).joined(separator: " ")
        }.joined(separator: " ")
    }
}
