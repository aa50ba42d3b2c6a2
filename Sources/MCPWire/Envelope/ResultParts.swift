// SPDX-License-Identifier: Apache-2.0

/// The members of a `result` that somebody in the middle has to look at (revision 2026-07-28), found in the same pass
/// as the envelope.
public struct ResultParts: Sendable, Equatable {
    /// Nil when there is no result.
    public internal(set) var kind: JSONKind?
    public internal(set) var isEmpty = true
    public internal(set) var meta = Envelope.Token()
    public internal(set) var resultType = Envelope.Token()
    public internal(set) var ttl = Envelope.Token()
    public internal(set) var cacheScope = Envelope.Token()

    public init() {}

    /// The parts of a result that stands alone.
    public init(of result: Span<UInt8>) {
        var scanner = JSONScanner()
        do { _ = try scan(result, &scanner) } catch { self = ResultParts() }
    }

    /// Whether it is a task in place of a result (extension io.modelcontextprotocol/tasks).
    ///
    /// - Parameter line: the line that it was found in.
    public func isTask(_ line: Span<UInt8>) -> Bool {
        resultType.isPresent && resultType.kind == .string
            && MemberName(line, resultType.range.lowerBound + 1..<resultType.range.upperBound - 1) == MemberName("task")
    }

    /// Past a result; returns where it lies.
    mutating func scan(
        _ line: Span<UInt8>, _ scanner: inout JSONScanner
    ) throws(JSONSyntaxError) -> Range<Int> {
        scanner.skipWhitespace(line)
        let start = scanner.offset
        guard try scanner.peek(line) == UInt8(ascii: "{") else {
            let value = try scanner.skipValue(line)
            kind = value.kind
            return value.range
        }
        kind = .object
        guard try scanner.opens(line, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return start..<scanner.offset }
        isEmpty = false
        repeat {
            let name = try scanner.skipName(line)
            let member = MemberName(line, name.range, isEscaped: name.isEscaped)
            let value = try scanner.skipValue(line)
            take(member, Envelope.Token(range: value.range, kind: value.kind))
        } while try scanner.continues(line, until: UInt8(ascii: "}"))
        return start..<scanner.offset
    }

    private mutating func take(_ member: MemberName, _ token: Envelope.Token) {
        switch member {
        case .meta: meta = token
        case .resultType: resultType = token
        case .ttl: ttl = token
        case .cacheScope: cacheScope = token
        default: break
        }
    }
}
