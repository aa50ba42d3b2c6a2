// SPDX-License-Identifier: Apache-2.0

/// A member's name of up to 16 bytes in two words, so that comparing takes two instructions.
struct MemberName: Equatable {
    private let low: UInt64
    private let high: UInt64
    private let count: Int

    /// A name known at compile time; the optimizer makes constants of it.
    @inline(__always)
    init(_ text: StaticString) {
        count = text.utf8CodeUnitCount
        low = packedWord(text, from: 0)
        high = packedWord(text, from: 8)
    }

    @inline(__always)
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        count = range.count
        low = packedWord(bytes, from: range.lowerBound, count: count)
        high = packedWord(bytes, from: range.lowerBound &+ 8, count: count &- 8)
    }

    /// The name between quotation marks; compared after unescaping, for `"m\u0065thod"` is `"method"` to every parser.
    @inline(__always)
    init(_ bytes: Span<UInt8>, _ range: Range<Int>, isEscaped: Bool) {
        if isEscaped {
            let name = Array((String(token: range.lowerBound - 1..<range.upperBound + 1, of: bytes) ?? "").utf8)
            self.init(name.span, 0..<name.count)
        } else {
            self.init(bytes, range)
        }
    }

    static var jsonrpc: MemberName { MemberName("jsonrpc") }
    static var id: MemberName { MemberName("id") }
    static var method: MemberName { MemberName("method") }
    static var params: MemberName { MemberName("params") }
    static var result: MemberName { MemberName("result") }
    static var error: MemberName { MemberName("error") }

    static var name: MemberName { MemberName("name") }
    static var uri: MemberName { MemberName("uri") }
    static var cursor: MemberName { MemberName("cursor") }
    static var level: MemberName { MemberName("level") }
    static var task: MemberName { MemberName("task") }
    static var requestID: MemberName { MemberName("requestId") }
    static var progressToken: MemberName { MemberName("progressToken") }
    static var meta: MemberName { MemberName("_meta") }
    static var requestState: MemberName { MemberName("requestState") }

    static var resultType: MemberName { MemberName("resultType") }
    static var ttl: MemberName { MemberName("ttlMs") }
    static var cacheScope: MemberName { MemberName("cacheScope") }
}
