// SPDX-License-Identifier: Apache-2.0

/// The keys of `_meta` that revision 2026-07-28 gives a meaning (schema.ts, RequestMetaObject and ResultMetaObject).
/// All begin with `io.modelcontextprotocol/`; other keys of that prefix and vendors' keys are nobody's business here.
public enum ReservedMetaKey: Sendable, CaseIterable {
    case protocolVersion
    case clientCapabilities
    case clientInfo
    case logLevel
    case subscriptionID
    case serverInfo

    private static let prefixLength = 24

    /// The key whose name lies in `range`, without quotation marks.
    @inline(__always)
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard range.count >= 32, range.count <= 42 else { return nil }
        self.init(long: bytes, range)
    }

    private init?(long bytes: Span<UInt8>, _ range: Range<Int>) {
        let start = range.lowerBound
        guard MemberName(bytes, start..<start + 16) == MemberName("io.modelcontextp"),
            MemberName(bytes, start + 16..<start + Self.prefixLength) == MemberName("rotocol/")
        else { return nil }
        let rest = MemberName(bytes, start + Self.prefixLength..<range.upperBound)
        switch rest {
        case MemberName("protocolVersion"): self = .protocolVersion
        case MemberName("clientInfo"): self = .clientInfo
        case MemberName("logLevel"): self = .logLevel
        case MemberName("subscriptionId"): self = .subscriptionID
        case MemberName("serverInfo"): self = .serverInfo
        // Longer than what a MemberName holds: the last two bytes are compared here.
        case MemberName("clientCapabilities")
        where bytes[range.upperBound - 2] == UInt8(ascii: "e") && bytes[range.upperBound - 1] == UInt8(ascii: "s"):
            self = .clientCapabilities
        default: return nil
        }
    }

    /// The name as it is written, without quotation marks.
    public var name: String {
        switch self {
        case .protocolVersion: "io.modelcontextprotocol/protocolVersion"
        case .clientCapabilities: "io.modelcontextprotocol/clientCapabilities"
        case .clientInfo: "io.modelcontextprotocol/clientInfo"
        case .logLevel: "io.modelcontextprotocol/logLevel"
        case .subscriptionID: "io.modelcontextprotocol/subscriptionId"
        case .serverInfo: "io.modelcontextprotocol/serverInfo"
        }
    }

    /// The same for a name that may be written with escapes.
    init?(_ bytes: Span<UInt8>, _ name: (range: Range<Int>, isEscaped: Bool)) {
        guard name.isEscaped else {
            self.init(bytes, name.range)
            return
        }
        let token = name.range.lowerBound - 1..<name.range.upperBound + 1
        let text = Array((String(token: token, of: bytes) ?? "").utf8)
        self.init(text.span, 0..<text.count)
    }
}
