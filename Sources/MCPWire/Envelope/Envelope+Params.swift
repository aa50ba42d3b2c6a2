// SPDX-License-Identifier: Apache-2.0

extension Envelope {
    mutating func scanParams(_ line: Span<UInt8>, _ scanner: inout JSONScanner)
        throws(JSONSyntaxError)
    {
        scanner.skipWhitespace(line)
        let start = scanner.offset
        guard try scanner.peek(line) == UInt8(ascii: "{") else {
            let value = try scanner.skipValue(line)
            params.range = value.range
            params.hasOthers = true
            // JSON-RPC allows an array; MCP has no such method, but a vendor's may.
            if value.kind != .array { fault = fault ?? .paramsAreNoContainer }
            return
        }
        if try scanner.opens(line, UInt8(ascii: "{"), UInt8(ascii: "}")) {
            repeat {
                let name = try scanner.skipName(line)
                let member = MemberName(line, name.range, isEscaped: name.isEscaped)
                if member == .meta {
                    try scanMeta(line, &scanner)
                } else {
                    take(member, try scanner.skipValue(line))
                }
            } while try scanner.continues(line, until: UInt8(ascii: "}"))
        }
        params.range = start..<scanner.offset
    }

    private mutating func take(_ member: MemberName, _ value: (range: Range<Int>, kind: JSONKind)) {
        switch member {
        case .name: note(isRepeated: params.name.take(value))
        case .uri: note(isRepeated: params.uri.take(value))
        case .cursor: note(isRepeated: params.cursor.take(value))
        case .level: note(isRepeated: params.level.take(value))
        case .task: note(isRepeated: params.task.take(value))
        case .requestID: note(isRepeated: params.requestID.take(value))
        case .progressToken: note(isRepeated: params.progressToken.take(value))
        case .requestState:
            note(isRepeated: params.requestState.take(value))
            params.hasOthers = true
        default: params.hasOthers = true
        }
    }

    private mutating func scanMeta(_ line: Span<UInt8>, _ scanner: inout JSONScanner)
        throws(JSONSyntaxError)
    {
        scanner.skipWhitespace(line)
        let start = scanner.offset
        note(isRepeated: params.meta.isPresent)
        guard try scanner.peek(line) == UInt8(ascii: "{") else {
            let value = try scanner.skipValue(line)
            params.meta = Token(range: value.range, kind: value.kind)
            return
        }
        if try scanner.opens(line, UInt8(ascii: "{"), UInt8(ascii: "}")) {
            repeat {
                let name = try scanner.skipName(line)
                let value = try scanner.skipValue(line)
                takeMeta(line, name, value)
            } while try scanner.continues(line, until: UInt8(ascii: "}"))
        }
        params.meta = Token(range: start..<scanner.offset, kind: .object)
    }

    private mutating func takeMeta(
        _ line: Span<UInt8>, _ name: (range: Range<Int>, isEscaped: Bool), _ value: (range: Range<Int>, kind: JSONKind)
    ) {
        if MemberName(line, name.range, isEscaped: name.isEscaped) == .progressToken {
            return note(isRepeated: params.metaProgressToken.take(value))
        }
        switch ReservedMetaKey(line, name) {
        case .protocolVersion: note(isRepeated: params.protocolVersion.take(value))
        case .subscriptionID: note(isRepeated: params.subscriptionID.take(value))
        default: break
        }
    }
}

extension Envelope.Token {
    /// Returns whether there was a value already: peers disagree about which of two counts.
    fileprivate mutating func take(_ value: (range: Range<Int>, kind: JSONKind)) -> Bool {
        let isRepeated = isPresent
        range = value.range
        kind = value.kind
        return isRepeated
    }

    init(range: Range<Int>, kind: JSONKind) {
        self.init()
        self.range = range
        self.kind = kind
    }
}
