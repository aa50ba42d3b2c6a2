// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// The ids of the requests in a line, a batch's in order.
func requestIDs(in line: [UInt8]) -> [RawToken] { messageIDs(in: line, .request) }

/// The ids of what a line answers.
func answeredIDs(in line: [UInt8]) -> [RawToken] { messageIDs(in: line, .response) }

private func messageIDs(in line: [UInt8], _ kind: Envelope.Kind) -> [RawToken] {
    let elements = elementRanges(line.span) ?? [0..<line.count]
    return elements.compactMap { range in
        let element = line.span.extracting(range)
        guard let envelope = try? Envelope(scanning: element), envelope.kind == kind else { return nil }
        return RawToken(element, envelope.id)
    }
}

extension RawToken {
    init(_ bytes: [UInt8]) { self.init(bytes.span, 0..<bytes.count) }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }
}
