// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// How long a result may be kept, as a backend of the stateless era says (`ttlMs`), and for whom (`cacheScope`). All
/// sessions of a backend are one user's, but what is private may still depend on what each client says of itself.
extension Multiplexer {
    /// A day: what is longer is as good as for ever, and must not overflow.
    private static let longest: Int64 = 86_400_000

    func timeToLive(of result: [UInt8]) -> Int64 {
        let ttl = ResultParts(of: result.span).ttl
        guard ttl.kind == .integer, let value = Int64(RawToken(result.span, ttl.range).text) else { return 0 }
        return min(max(value, 0), Self.longest)
    }

    func isPublic(_ result: [UInt8]) -> Bool {
        String(token: ResultParts(of: result.span).cacheScope.range, of: result.span) == "public"
    }

    /// A kept page for a client: it may be kept for what is left of its time, not for all of it again.
    func aged(_ page: ListCache.Page, now: Int64) -> [UInt8] {
        guard page.lifetime > 0 else { return page.visible }
        let ttl = ResultParts(of: page.visible.span).ttl
        let left = backend.phase == .ready && page.isVerified ? max(0, page.lifetime - (now - page.storedAt)) : 0
        return page.visible[..<ttl.range.lowerBound] + Array("\(left)".utf8) + page.visible[ttl.range.upperBound...]
    }
}
