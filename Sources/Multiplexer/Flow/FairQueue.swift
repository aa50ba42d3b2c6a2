// SPDX-License-Identifier: Apache-2.0

/// Whole lines that wait for a backend's stdin, each sender in its turn.
///
/// Turns are counted in bytes: every line is marked with what its sender had sent before it, and the smallest mark goes
/// first (start-time fair queuing; Goyal, Vin and Cheng, 1996). A line of 12 MB, or a flood, so delays another sender's
/// small line by one line at most, and nobody gets less for having been quiet. The machine's own lines go before all.
public struct FairQueue: Sendable {
    private struct Lane: Sendable {
        /// Nil: the machine itself.
        let sender: SessionID?
        /// The mark of the first line; of the next one that comes, when none waits.
        var mark: Int
        var byteCount = 0
        var head = 0
        var lines: [[UInt8]] = []

        var isEmpty: Bool { head == lines.count }

        mutating func append(_ line: ArraySlice<UInt8>) {
            lines.append(Array(line))
            byteCount += line.count
        }

        mutating func popFirst() -> [UInt8] {
            var line: [UInt8] = []
            swap(&line, &lines[head])
            head += 1
            mark += line.count
            byteCount -= line.count
            if head == lines.count {
                lines = []
                head = 0
            } else if head >= 64, head * 2 >= lines.count {
                // A lane that is never empty must not keep what has left it.
                lines.removeFirst(head)
                head = 0
            }
            return line
        }
    }

    private static let manyLanes = 64

    private var lanes: [Lane] = []
    /// The mark of the line that left last: nobody who comes is marked below it.
    private var now = 0
    /// Bytes that wait.
    public private(set) var byteCount = 0

    public init() {}

    public var isEmpty: Bool { byteCount == 0 }

    /// Senders and lines that are kept, with those that are done with.
    var slotCount: Int { lanes.reduce(0) { $0 + 1 + $1.lines.count } }

    /// Bytes of one sender that wait.
    public func byteCount(of sender: SessionID?) -> Int {
        lanes.first { $0.sender == sender }?.byteCount ?? 0
    }

    /// A line behind the sender's own.
    public mutating func append(_ line: ArraySlice<UInt8>, of sender: SessionID?) {
        guard !line.isEmpty else { return }
        let place = lane(of: sender)
        if lanes[place].isEmpty { lanes[place].mark = max(lanes[place].mark, now) }
        lanes[place].append(line)
        byteCount += line.count
    }

    /// A line went past the queue, which was empty: it counts all the same.
    public mutating func charge(_ length: Int, to sender: SessionID?) {
        let place = lane(of: sender)
        now = max(lanes[place].mark, now)
        lanes[place].mark = now + length
    }

    /// Nothing waits, and nothing is on its way: what was sent so far is held against nobody.
    public mutating func forget() {
        guard byteCount == 0, !lanes.isEmpty else { return }
        lanes = []
        now = 0
    }

    /// The line whose turn it is.
    public mutating func next() -> [UInt8]? {
        guard byteCount > 0, let place = turn else { return nil }
        if lanes[place].sender != nil { now = lanes[place].mark }
        let line = lanes[place].popFirst()
        byteCount -= line.count
        return line
    }

    /// Of those with the same mark, the one who came first.
    private var turn: Int? {
        var best: Int?
        for place in lanes.indices where !lanes[place].isEmpty {
            if lanes[place].sender == nil { return place }
            if best.map({ lanes[place].mark < lanes[$0].mark }) ?? true { best = place }
        }
        return best
    }

    private mutating func lane(of sender: SessionID?) -> Int {
        if let place = lanes.firstIndex(where: { $0.sender == sender }) { return place }
        if lanes.count >= Self.manyLanes {
            // Those that have nothing and owe nothing are as good as new ones.
            lanes.removeAll { $0.isEmpty && $0.mark <= now }
        }
        lanes.append(Lane(sender: sender, mark: now))
        return lanes.count - 1
    }
}
