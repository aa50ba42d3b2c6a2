// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a result holds that a client of an older revision could not read, and what it gets instead (protocol.md §2.6).
/// Everything else is additive between the revisions, and passes.
struct Downconversion {
    /// Content blocks of type `audio` exist from this revision on.
    private static let audioSince = "2025-03-26"
    /// `resource_link` blocks, and results whose only content is `structuredContent`.
    private static let linksSince = "2025-06-18"
    /// `structuredContent` that is no object.
    private static let valuesSince = "2026-07-28"

    private let version: String
    private let mayHoldValues: Bool

    /// Nil when a client of this revision can read whatever the backend says.
    ///
    /// - Parameter era: of the backend; only a stateless one has structured content that is no object.
    init?(version: String, backend era: BackendEra) {
        guard version < Downconversion.linksSince || era == .modern && version < Downconversion.valuesSince else {
            return nil
        }
        self.version = version
        mayHoldValues = era == .modern
    }

    /// What to replace in a result; empty when the client can read it as it is.
    func edits(_ line: Span<UInt8>, result: Range<Int>) -> [Edit] {
        guard !result.isEmpty else { return [] }
        var edits: [Edit] = []
        let members = ObjectMembers(line, result)
        if let content = members["content"] {
            for block in blocks(line, content) { edits += self.edits(line, block: block) }
        }
        if let messages = members["messages"] {
            for message in blocks(line, messages) {
                guard let content = ObjectMembers(line, message)["content"] else { continue }
                edits += self.edits(line, block: content)
            }
        }
        return edits + structureEdits(line, result, members)
    }

    private func blocks(_ line: Span<UInt8>, _ array: Range<Int>) -> [Range<Int>] {
        let elements = elementRanges(line.extracting(array)) ?? []
        return elements.map { $0.lowerBound + array.lowerBound..<$0.upperBound + array.lowerBound }
    }

    private func edits(_ line: Span<UInt8>, block: Range<Int>) -> [Edit] {
        let members = ObjectMembers(line, block)
        switch members.text(line, "type") {
        case "audio" where version < Downconversion.audioSince:
            // Four characters of base64 are three bytes.
            let size = (members["data"]?.count ?? 2) * 3 / 4
            let kind = members.text(line, "mimeType") ?? "audio"
            return [Edit(range: block, replacement: .text(textBlock("[\(kind), about \(size) bytes of audio]")))]
        case "resource_link" where version < Downconversion.linksSince:
            let title = members.text(line, "title") ?? members.text(line, "name")
            let place = members.text(line, "uri") ?? ""
            let text = title.map { "\($0): \(place)" } ?? place
            return [Edit(range: block, replacement: .text(textBlock(text)))]
        default: return []
        }
    }

    /// A client that knows no structured content reads it as text; one that knows objects only gets no other value.
    private func structureEdits(_ line: Span<UInt8>, _ result: Range<Int>, _ members: ObjectMembers) -> [Edit] {
        guard let structure = members["structuredContent"] else { return [] }
        let hasText = members["content"].map { !blocks(line, $0).isEmpty } ?? false
        var added: [[UInt8]] = []
        var edits: [Edit] = []
        let isObject = line[structure.lowerBound] == UInt8(ascii: "{")
        if !hasText, version < Downconversion.linksSince || !isObject {
            let text = String(repairing: line.extracting(structure))
            let content = Array("[".utf8) + textBlock(text) + Array("]".utf8)
            if let empty = members["content"] {
                edits.append(Edit(range: empty, replacement: .text(content)))
            } else {
                added.append(member("content", content))
            }
        }
        if mayHoldValues, !isObject {
            let value = "{".utf8 + member("value", copy(line, structure)) + "}".utf8
            edits.append(Edit(range: structure, replacement: .text(Array(value))))
        }
        if !added.isEmpty { edits.append(insertion(of: joined(added), in: result, isEmpty: false)) }
        return edits
    }

    private func textBlock(_ text: String) -> [UInt8] {
        var block = Array("{\"type\":\"text\",\"text\":".utf8)
        writeJSONString(text, to: &block)
        block.append(UInt8(ascii: "}"))
        return block
    }
}
