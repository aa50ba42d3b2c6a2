// SPDX-License-Identifier: Apache-2.0

extension Envelope {
    /// Scans a line that holds one message.
    ///
    /// - Throws: when the line is not one whole JSON object.
    public init(scanning line: Span<UInt8>) throws(JSONSyntaxError) {
        self.init()
        try scan(line)
    }

    /// What can be known of a message from its first bytes, for one that is too long to be kept.
    public init(prefix: Span<UInt8>) {
        self.init()
        do { try scan(prefix) } catch { fault = nil }
        // The digits of a number may go on behind the prefix.
        if id.upperBound == prefix.count { (id, idKind) = (0..<0, nil) }
    }

    private mutating func scan(_ line: Span<UInt8>) throws(JSONSyntaxError) {
        var scanner = JSONScanner()
        var hasVersion = false
        scanner.skipWhitespace(line)
        let start = scanner.offset
        if try scanner.opens(line, UInt8(ascii: "{"), UInt8(ascii: "}")) {
            repeat {
                let name = try scanner.skipName(line)
                let member = MemberName(line, name.range, isEscaped: name.isEscaped)
                try scanMember(member, line, &scanner, &hasVersion)
            } while try scanner.continues(line, until: UInt8(ascii: "}"))
        }
        object = start..<scanner.offset
        scanner.skipWhitespace(line)
        guard scanner.offset == line.count else { throw scanner.failure("text after the message") }
        hasLineBreaks = scanner.sawLineBreak
        settleFault(hasVersion: hasVersion)
    }

    private mutating func scanMember(
        _ member: MemberName, _ line: Span<UInt8>, _ scanner: inout JSONScanner,
        _ hasVersion: inout Bool
    ) throws(JSONSyntaxError) {
        if member == .params {
            guard params.range.isEmpty else { return try skipDuplicate(line, &scanner) }
            return try scanParams(line, &scanner)
        }
        if member == .result {
            guard result.isEmpty else { return try skipDuplicate(line, &scanner) }
            result = try resultParts.scan(line, &scanner)
            return
        }
        let value = try scanner.skipValue(line)
        switch member {
        case .jsonrpc:
            if hasVersion { fault = .duplicateMember }
            hasVersion = isVersion2(line, value.range)
        case .id:
            note(isRepeated: idKind != nil)
            (id, idKind) = value
        case .method:
            note(isRepeated: methodKind != nil)
            methodKind = value.kind
            if value.kind == .string {
                method = value.range.lowerBound + 1..<value.range.upperBound - 1
                knownMethod = Method(line, method)
            }
        case .error:
            note(isRepeated: !error.isEmpty)
            error = value.range
        default: break
        }
    }

    private mutating func skipDuplicate(_ line: Span<UInt8>, _ scanner: inout JSONScanner)
        throws(JSONSyntaxError)
    {
        note(isRepeated: true)
        _ = try scanner.skipValue(line)
    }

    mutating func note(isRepeated: Bool) {
        if isRepeated { fault = .duplicateMember }
    }

    private func isVersion2(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        MemberName(line, range) == MemberName("\"2.0\"") || String(token: range, of: line) == "2.0"
    }

    private mutating func settleFault(hasVersion: Bool) {
        guard fault == nil else { return }
        if !hasVersion {
            fault = .noVersion
        } else if let methodKind, methodKind != .string {
            fault = .methodIsNoString
        } else if kind == .invalid {
            fault = .shapeless
        }
    }
}
