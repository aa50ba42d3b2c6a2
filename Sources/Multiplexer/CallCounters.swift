// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// How often each tool was called, and how long its calls took, in a histogram of fixed buckets.
public struct CallCounters: Sendable, Codable {
    /// One tool's.
    public struct Tool: Sendable, Codable, Equatable {
        public let name: String
        public internal(set) var calls = 0
        /// Answered with a protocol error, by the backend or for it. A tool's own errors are results.
        public internal(set) var errors = 0
        public internal(set) var totalMilliseconds: Int64 = 0
        /// Calls by the bucket that their time falls into; one more than there are bounds.
        public internal(set) var buckets = [Int](repeating: 0, count: CallCounters.bounds.count + 1)
    }

    /// Upper bounds of the buckets in milliseconds.
    public static let bounds: [Int64] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000,
    ]
    /// Names beyond these are counted as one: a client may invent as many as it likes.
    private static let mostTools = 2000
    /// Bytes of a name that is counted by itself, quotation marks included.
    private static let longestName = 258
    private static let rest = "(others)"

    public private(set) var tools: [Tool] = []
    private var places: [RawToken: Int] = [:]

    public init() {}

    /// Where calls of a tool are counted.
    ///
    /// - Parameter name: the token in the message, quotation marks included.
    mutating func place(of name: Range<Int>, in line: Span<UInt8>) -> Int {
        let isName = name.count <= Self.longestName && line[name.lowerBound] == UInt8(ascii: "\"")
        guard isName else { return place(of: Self.rest) }
        let token = RawToken(line, name)
        if let place = places[token] { return place }
        let text = tools.count < Self.mostTools ? String(token: name, of: line) ?? Self.rest : Self.rest
        let place = place(of: text)
        if places.count < Self.mostTools { places[token] = place }
        return place
    }

    private mutating func place(of name: String) -> Int {
        if let place = tools.firstIndex(where: { $0.name == name }) { return place }
        tools.append(Tool(name: name))
        return tools.count - 1
    }

    mutating func count(at place: Int, milliseconds: Int64, isError: Bool) {
        guard tools.indices.contains(place) else { return }
        let bucket = Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count
        tools[place].calls += 1
        tools[place].errors += isError ? 1 : 0
        tools[place].totalMilliseconds += milliseconds
        tools[place].buckets[bucket] += 1
    }

    /// Calls of all tools.
    public var total: Int { tools.reduce(0) { $0 + $1.calls } }

    /// Adds what another backend of the server counted.
    public mutating func add(_ other: CallCounters) {
        for tool in other.tools {
            let place = place(of: tool.name)
            tools[place].calls += tool.calls
            tools[place].errors += tool.errors
            tools[place].totalMilliseconds += tool.totalMilliseconds
            for bucket in tool.buckets.indices { tools[place].buckets[bucket] += tool.buckets[bucket] }
        }
    }
}

extension CallCounters.Tool {
    /// The upper bound of the bucket that this part of the calls lies below, in milliseconds; nil where there is no
    /// call, or it is in the last bucket, which has none.
    public func quantile(percent: Int) -> Int64? {
        guard calls > 0 else { return nil }
        let wanted = (calls * percent + 99) / 100
        var seen = 0
        for (bucket, count) in buckets.enumerated() {
            seen += count
            if seen >= max(1, wanted) { return bucket < CallCounters.bounds.count ? CallCounters.bounds[bucket] : nil }
        }
        return nil
    }
}

/// A tool call at the backend: where it is counted, and since when it is there.
struct CountedCall: Sendable, Codable {
    let place: Int
    let sentAt: Int64
}
