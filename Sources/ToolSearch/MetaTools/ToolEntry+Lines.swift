// SPDX-License-Identifier: Apache-2.0

/// What a search shows of a tool.
extension ToolEntry {
    /// Optional parameters beyond these are counted, not named.
    private static let shownOptions = 5

    /// `name — first sentence (a: string, b?: integer) [read-only]`
    var line: String {
        var text = name
        if !summary.isEmpty { text += " — \(summary)" }
        text += " (\(signature))"
        if isReadOnly { text += " [read-only]" }
        return text
    }

    private var signature: String {
        let required = parameters.filter(\.isRequired)
        let options = parameters.filter { !$0.isRequired }
        var words = (required + options.prefix(Self.shownOptions)).map { parameter in
            let name = parameter.isRequired ? parameter.name : "\(parameter.name)?"
            return parameter.type.isEmpty ? name : "\(name): \(parameter.type)"
        }
        if options.count > Self.shownOptions { words.append("\(options.count - Self.shownOptions) more") }
        return words.joined(separator: ", ")
    }
}
