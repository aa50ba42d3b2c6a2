// SPDX-License-Identifier: Apache-2.0

/// A tool's name as a model wrote it.
enum ToolName {
    /// Bytes of the longest name that is looked into; the specification's longest is 128.
    private static let longest = 256
    private static let separators: Set<Character> = ["_", ".", "/", ":", "-"]

    /// The beginning of a name, for a text about it.
    static func shown(_ name: String) -> String { String(name.unicodeScalars.prefix(100)) }

    /// The name without what clients put in front of it, in each way to read it: `mcp__SERVER__tool`, whatever the
    /// client calls the server, and `SERVER_tool`, `SERVER.tool`, `mcp_SERVER_tool`, … by its name here. Nothing else is
    /// taken off: `undo_commit` is not `commit`.
    static func readings(of name: String, server: String) -> [Substring] {
        guard name.utf8.count <= longest else { return [] }
        var readings = [name[...]]
        let bare = name.hasPrefix("mcp__") ? name.dropFirst(5) : nil
        if let bare, let separator = firstDouble(in: bare) {
            readings.append(bare[bare.index(separator, offsetBy: 2)...])
        }
        let starts: [Substring?] = [name[...], bare, name.hasPrefix("mcp_") ? name.dropFirst(4) : nil]
        for start in starts {
            guard let start, let rest = without(server, start) else { continue }
            readings.append(rest)
        }
        return readings.filter { !$0.isEmpty }
    }

    /// Where the first `__` behind a first character is.
    private static func firstDouble(in text: Substring) -> String.Index? {
        text.indices.dropFirst().first { text[$0...].hasPrefix("__") }
    }

    /// What follows the server's name and a separator, single or double.
    private static func without(_ server: String, _ name: Substring) -> Substring? {
        let length = server.count
        guard length > 0, name.count > length, folded(name.prefix(length)) == folded(server[...]) else { return nil }
        let rest = name.dropFirst(length)
        guard let separator = rest.first, separators.contains(separator) else { return nil }
        return rest.dropFirst(rest.dropFirst().first == separator ? 2 : 1)
    }

    /// Without capitals and separators.
    static func folded(_ name: Substring) -> String {
        String(name.lowercased().filter { !separators.contains($0) && $0 != " " })
    }
}

extension ToolCatalog {
    /// The tool that a model means by a name that it may have written its client's way: with what the client puts in
    /// front of it, with other capitals or separators. Nil when that is nobody's, or could be two tools'.
    func resolve(_ name: String) -> (entry: ToolEntry, isExact: Bool)? {
        if let entry = self[name] { return (entry, true) }
        for reading in ToolName.readings(of: name, server: server) {
            if let entry = self[String(reading)] { return (entry, false) }
            let wanted = ToolName.folded(reading)
            let alike = wanted.isEmpty ? [] : entries.filter { ToolName.folded($0.name[...]) == wanted }
            guard alike.isEmpty else { return alike.count == 1 ? (alike[0], false) : nil }
        }
        return nil
    }
}
