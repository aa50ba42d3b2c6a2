// SPDX-License-Identifier: Apache-2.0

/// The members of one `_meta` object that revision 2026-07-28 reserves, and where they may be cut out.
///
/// For messages of that revision only: the envelope says whether a message is one, in the one pass that all take.
public struct MetaMembers: Sendable {
    public private(set) var protocolVersion = Envelope.Token()
    public private(set) var clientCapabilities = Envelope.Token()
    public private(set) var clientInfo = Envelope.Token()
    public private(set) var logLevel = Envelope.Token()
    public private(set) var serverInfo = Envelope.Token()
    public private(set) var subscriptionID = Envelope.Token()
    /// From a reserved member's first quotation mark to behind its value, in order. Commas are not in it.
    public private(set) var reserved: [Range<Int>] = []
    /// The same of all others.
    public private(set) var others: [Range<Int>] = []

    /// - Parameters:
    ///   - line: the message the envelope was made of.
    ///   - meta: where its `_meta` lies. Anything but an object has no members.
    public init(_ line: Span<UInt8>, _ meta: Envelope.Token) {
        guard meta.kind == .object else { return }
        // Scanned before as a part of the message, so nothing can be wrong with it.
        try? scan(line, from: meta.range.lowerBound)
    }

    private mutating func scan(_ line: Span<UInt8>, from start: Int) throws(JSONSyntaxError) {
        var scanner = JSONScanner(at: start)
        guard try scanner.opens(line, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return }
        repeat {
            let name = try scanner.skipName(line)
            let value = try scanner.skipValue(line)
            let member = name.range.lowerBound - 1..<value.range.upperBound
            let token = Envelope.Token(range: value.range, kind: value.kind)
            guard let key = ReservedMetaKey(line, name) else {
                others.append(member)
                continue
            }
            reserved.append(member)
            take(key, token)
        } while try scanner.continues(line, until: UInt8(ascii: "}"))
    }

    private mutating func take(_ key: ReservedMetaKey, _ token: Envelope.Token) {
        switch key {
        case .protocolVersion: protocolVersion = token
        case .clientCapabilities: clientCapabilities = token
        case .clientInfo: clientInfo = token
        case .logLevel: logLevel = token
        case .serverInfo: serverInfo = token
        case .subscriptionID: subscriptionID = token
        }
    }
}
