// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire

/// What `mcpctl tools` shows: the tools of a `tools/list` result and their cost, or what a search in them found.
extension ToolsReply: Shown {
    func lines(_ view: View) -> [String] {
        if result.value["matches"] != nil { return matchLines(view) }
        return toolLines(view) + (tokens.map { [""] + $0.lines } ?? [])
    }

    private func matchLines(_ view: View) -> [String] {
        let matches = result.value["matches"]?.arrayValue ?? []
        let total = result.value["total"]?.intValue ?? 0
        guard !matches.isEmpty else { return ["none of \(total) tools matches"] }
        var table = Table([.number("SCORE"), .number("WORDS"), .number("MEANING"), "TOOL", ""])
        table.rows = matches.map { match in
            ["score", "words", "meaning"].map { Table.Cell(Self.number(match[$0])) } + [
                Table.Cell(match["name"]?.stringValue ?? "?", .bold),
                Table.Cell(Self.firstSentence(match["description"]?.stringValue ?? "")),
            ]
        }
        let confidence = printable(result.value["confidence"]?.stringValue ?? "unknown")
        return table.lines(view.style) + ["", "confidence \(confidence), \(matches.count) of \(total) tools"]
    }

    /// With three digits behind the point.
    private static func number(_ value: JSONValue?) -> String {
        guard let number = value?.doubleValue, number.magnitude < 1e12 else { return "" }
        let thousandths = Int((number.magnitude * 1000).rounded())
        let digits = String(1000 + thousandths % 1000).dropFirst()
        return "\(number < 0 ? "-" : "")\(thousandths / 1000).\(digits)"
    }

    private func toolLines(_ view: View) -> [String] {
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
