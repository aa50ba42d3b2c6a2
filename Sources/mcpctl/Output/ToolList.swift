// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire

/// What `mcpctl tools` shows: the tools of a `tools/list` result, or whatever text another result has.
struct ToolList: Codable, Shown {
    var result: JSONDocument

    func lines(_ view: View) -> [String] {
        guard let tools = result.value["tools"]?.arrayValue else { return CallResult(result: result).lines(view) }
        guard !tools.isEmpty else { return ["no tools"] }
        var table = Table(["", ""], hasTitles: false)
        table.rows = tools.map { tool in
            let name = tool["name"]?.stringValue ?? "?"
            return [Table.Cell(name, .bold), Table.Cell(Self.firstSentence(tool["description"]?.stringValue ?? ""))]
        }
        return table.lines(view.style)
    }

    /// A description's first line, up to its first full stop, at most 100 characters.
    private static func firstSentence(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        var sentence = ""
        for character in line {
            if character == " ", sentence.hasSuffix(".") { return String(sentence.dropLast()) }
            sentence.append(character)
        }
        return sentence.count > 100 ? sentence.prefix(99) + "…" : sentence
    }
}

/// What `mcpctl call` shows: the text a tool gave back.
struct CallResult: Codable, Shown {
    var result: JSONDocument

    /// The tool itself says that it failed (`isError` of a `tools/call` result).
    var isError: Bool { result.value["isError"]?.boolValue ?? false }

    func lines(_ view: View) -> [String] {
        guard let content = result.value["content"]?.arrayValue, !content.isEmpty else {
            return [(result.value["structuredContent"] ?? result.value).text]
        }
        return content.map(Self.line)
    }

    private static func line(_ block: JSONValue) -> String {
        if let text = block["text"]?.stringValue { return printable(text) }
        if let text = block["resource"]?["text"]?.stringValue { return printable(text) }
        let kind = block["type"]?.stringValue ?? "content"
        let detail = block["mimeType"]?.stringValue ?? block["uri"]?.stringValue ?? ""
        return printable("[\(kind)\(detail.isEmpty ? "" : " \(detail)"); --json prints it]")
    }
}
