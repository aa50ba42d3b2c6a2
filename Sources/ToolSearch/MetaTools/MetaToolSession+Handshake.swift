// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The answer to `initialize` or `server/discover`, kept until `auto` has judged.
struct HeldHandshake: Sendable, Codable {
    let id: RawToken
    let line: [UInt8]
}

/// What the client is told of the server.
extension MetaToolSession {
    mutating func endHandshake(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView
    ) -> MetaToolVerdict {
        guard !envelope.result.isEmpty, let result = rawMembers(line, envelope.result) else { return .pass }
        guard let capabilities = result["capabilities"],
            rawMembers(line, capabilities.value)?["tools"] != nil
        else {
            isOn = false
            tally = MetaToolTally()
            return .pass
        }
        instructions = result["instructions"].flatMap { String(token: $0.value, of: line) } ?? ""
        guard isOn == nil else { return .replaced([.toClient(edited(line, envelope, result))]) }
        let id = RawToken(line, envelope.id)
        heldHandshakes.append(HeldHandshake(id: id, line: [UInt8](line, 0..<line.count)))
        return .replaced([.owed(id)] + (requireCatalog(view) ? settle(view) : startFetch()))
    }

    /// Lists of tools do not change for this session, and the instructions speak of the meta-tools.
    private func edited(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ result: [RawMember]) -> [UInt8] {
        var edits: [RawEdit] = []
        if let capabilities = result["capabilities"], let members = rawMembers(line, capabilities.value),
            let tools = members["tools"]
        {
            edits.append(RawEdit(range: tools.value, bytes: Array("{\"listChanged\":false}".utf8)))
        }
        var text: [UInt8] = []
        if let instructions = result["instructions"] {
            let own = String(token: instructions.value, of: line) ?? ""
            writeJSONString(ShortInstructions.of(own), to: &text)
            edits.append(RawEdit(range: instructions.value, bytes: text))
        } else {
            text.write(result.isEmpty ? "\"instructions\":" : ",\"instructions\":")
            writeJSONString(ShortInstructions.of(""), to: &text)
            let end = envelope.result.upperBound - 1
            edits.append(RawEdit(range: end..<end, bytes: text))
        }
        return spliced(line, envelope, edits)
    }

    /// Sends on what waited for the judgement of `auto`.
    mutating func releaseHandshakes() -> [MetaToolStep] {
        let held = heldHandshakes
        heldHandshakes = []
        return held.flatMap { handshake -> [MetaToolStep] in
            let line = handshake.line.span
            var answer = handshake.line + [0x0A]
            if isOn == true, let envelope = try? Envelope(scanning: line),
                let result = rawMembers(line, envelope.result)
            {
                answer = edited(line, envelope, result)
            }
            return [.toClient(answer), .settled(handshake.id, isAnswered: true)]
        }
    }
}

/// A part of a message, and what takes its place.
struct RawEdit {
    let range: Range<Int>
    let bytes: [UInt8]
}

/// A message with parts replaced, everything else byte for byte, ended by a newline.
func spliced(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ edits: [RawEdit]) -> [UInt8] {
    var result: [UInt8] = []
    var place = envelope.object.lowerBound
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
        result += [UInt8](line, place..<edit.range.lowerBound)
        result += edit.bytes
        place = edit.range.upperBound
    }
    result += [UInt8](line, place..<envelope.object.upperBound)
    result.append(0x0A)
    return result
}
