// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Takes denied tools out of a `tools/list` result and leaves every other byte.
enum ToolFilter {
    static func hide(_ denied: Set<String>, in result: [UInt8]) -> [UInt8] {
        let bytes = result.span
        guard !denied.isEmpty, let tools = memberRange("tools", in: bytes),
            let elements = elementRanges(bytes.extracting(tools))
        else { return result }
        let ranges = elements.map { $0.lowerBound + tools.lowerBound..<$0.upperBound + tools.lowerBound }
        let kept = ranges.filter { !denied.contains(name(ofToolIn: bytes.extracting($0))) }
        guard kept.count < ranges.count else { return result }
        var filtered = Array(result[..<tools.lowerBound])
        filtered.append(UInt8(ascii: "["))
        for (index, range) in kept.enumerated() {
            if index > 0 { filtered.append(UInt8(ascii: ",")) }
            filtered += result[range]
        }
        filtered.append(UInt8(ascii: "]"))
        filtered += result[tools.upperBound...]
        return filtered
    }

    private static func name(ofToolIn tool: Span<UInt8>) -> String {
        memberRange("name", in: tool).flatMap { String(token: $0, of: tool) } ?? ""
    }
}

extension Multiplexer {
    /// Relays a list that is not kept, since it was asked for in words that we do not know.
    mutating func passTools(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of entry: Pending, to target: ReplyTarget,
        _ actions: inout Actions
    ) {
        let result = copy(line, envelope.result)
        let visible = ToolFilter.hide(configuration.denyTools, in: result)
        guard visible.count < result.count else { return passOn(line, envelope, of: entry, to: target, &actions) }
        var filtered = Actions()
        filtered.write(line, envelope.object, [Edit(range: envelope.result, replacement: .text(visible))])
        guard let kept = try? Envelope(scanning: filtered.bytes.span) else {
            return answer(target, .failure("the list of tools is malformed", reason: "bad_response"), &actions)
        }
        passOn(filtered.bytes.span, kept, of: entry, to: target, &actions)
    }
}
