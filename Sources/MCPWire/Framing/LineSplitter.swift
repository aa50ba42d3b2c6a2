// SPDX-License-Identifier: Apache-2.0

/// Cuts a byte stream into lines: a value that is told bytes, and never reads.
///
/// The separator is the byte 0x0A alone (U+2028 and 0x85 are text). One carriage return before it and a byte order mark
/// at the start of the stream are stripped, blank lines are skipped. A line that lies whole in the chunk is not copied;
/// one over the limit is skipped to its newline, and only its first bytes are kept, to find whom to tell.
public struct LineSplitter: Sendable, Codable {
    public enum Line: Sendable, Equatable {
        /// The line lies in the chunk just given.
        case inChunk(Range<Int>)
        /// The line is `partial`, until the next call.
        case buffered
        /// The line was longer than the limit; `partial` holds its first bytes until the next call.
        case oversize(length: Int)
    }

    /// Bytes kept of a line that is too long.
    public static let prefixLength = 4096
    /// Storage up to this size is kept between lines; an idle stream holds no more.
    private static let keptCapacity = 512

    /// The start of a line whose end has not come yet, or what `Line` says.
    public private(set) var partial: [UInt8] = []
    /// Bytes that a line may have, without its end. Another limit holds from the next bytes on.
    public var limit: Int
    /// The whole length of the line being skipped; 0 when none is.
    private var skipped = 0
    private var endsWithReturn = false
    private var partialIsDelivered = false
    private var isFirstLine = true
    /// Whether what comes belongs to a line whose beginning somebody else has read.
    private var isForeign = false

    /// - Parameter limit: bytes that a line may have, without its end.
    public init(limit: Int) { self.limit = limit }

    /// Whether the stream would end inside a line. Such a rest is to be discarded, never delivered.
    public var isMidLine: Bool { isForeign || skipped > 0 || (!partialIsDelivered && !partial.isEmpty) }

    /// Whether the line under way is not stored, because it is too long or not ours.
    public var isSkipping: Bool { isForeign || skipped > 0 }

    /// Drops the rest of the line under way: its beginning is lost, and the rest alone must not be taken for a message.
    ///
    /// - Parameter beginning: what is known of it, when it was being skipped already: its end is told as of any that is too
    ///   long.
    public mutating func skipLine(after beginning: [UInt8] = []) {
        isFirstLine = false
        guard !beginning.isEmpty else {
            isForeign = true
            return
        }
        partial = beginning
        skipped = max(beginning.count, limit + 1)
    }

    /// The next line of the chunk; nil when the chunk is used up, with the rest stored.
    public mutating func next(in chunk: Span<UInt8>, from offset: inout Int) -> Line? {
        releaseDelivered()
        while offset < chunk.count {
            let start = offset
            guard let newline = firstPlace(of: 0x0A, in: chunk, from: start) else {
                offset = chunk.count
                store(chunk, start..<chunk.count)
                return nil
            }
            offset = newline + 1
            if isForeign {
                isForeign = false
                continue
            }
            let line = finish(chunk, start..<newline)
            isFirstLine = false
            if let line { return line }
            releaseDelivered()
        }
        return nil
    }

    private mutating func releaseDelivered() {
        guard partialIsDelivered else { return }
        partialIsDelivered = false
        if partial.capacity > Self.keptCapacity {
            partial = []
        } else {
            partial.removeAll(keepingCapacity: true)
        }
    }

    private mutating func store(_ chunk: Span<UInt8>, _ range: Range<Int>) {
        if isForeign { return }
        guard skipped == 0 else { return skip(chunk, range) }
        let length = partial.count + range.count
        // Three bytes of mark and one of carriage return do not count.
        guard length - 4 > limit else { return partial.append(chunk, range) }
        skipped = partial.count
        endsWithReturn = partial.last == 0x0D
        keepPrefix(chunk, range)
        skip(chunk, range)
    }

    private mutating func skip(_ chunk: Span<UInt8>, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        skipped += range.count
        endsWithReturn = chunk[range.upperBound - 1] == 0x0D
    }

    /// The length of the line that was skipped, without mark and carriage return; so is its prefix.
    private mutating func finishSkipped() -> Int {
        var length = skipped - (endsWithReturn ? 1 : 0)
        if isFirstLine, partial.starts(with: [0xEF, 0xBB, 0xBF]) {
            partial.removeFirst(3)
            length -= 3
        }
        skipped = 0
        partialIsDelivered = true
        return length
    }

    private mutating func keepPrefix(_ chunk: Span<UInt8>, _ range: Range<Int>) {
        if partial.count < Self.prefixLength {
            partial.append(chunk, range.prefix(Self.prefixLength - partial.count))
        } else {
            partial = Array(partial.prefix(Self.prefixLength))
        }
    }

    /// The line that ends with this part; nil when it is blank.
    private mutating func finish(_ chunk: Span<UInt8>, _ range: Range<Int>) -> Line? {
        if skipped > 0 {
            skip(chunk, range)
            return .oversize(length: finishSkipped())
        }
        guard !partial.isEmpty else { return whole(chunk, range) }
        partial.append(chunk, range)
        partialIsDelivered = true
        let trimmed = trim(partial.span, 0..<partial.count)
        guard !trimmed.isEmpty else { return nil }
        if trimmed.count > limit {
            partial = Array(partial[trimmed.prefix(Self.prefixLength)])
            return .oversize(length: trimmed.count)
        }
        if trimmed.upperBound < partial.count { partial.removeLast(partial.count - trimmed.upperBound) }
        if trimmed.lowerBound > 0 { partial.removeFirst(trimmed.lowerBound) }
        return .buffered
    }

    private mutating func whole(_ chunk: Span<UInt8>, _ range: Range<Int>) -> Line? {
        let trimmed = trim(chunk, range)
        guard trimmed.count > limit else { return trimmed.isEmpty ? nil : .inChunk(trimmed) }
        partial.append(chunk, trimmed.prefix(Self.prefixLength))
        partialIsDelivered = true
        return .oversize(length: trimmed.count)
    }

    /// The line without mark and carriage return; empty when it is blank.
    private func trim(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        if isFirstLine, range.count >= 3, bytes[start] == 0xEF, bytes[start + 1] == 0xBB,
            bytes[start + 2] == 0xBF
        {
            start += 3
        }
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        var place = start
        while place < end, isJSONWhitespace(bytes[place]) { place += 1 }
        return place == end ? start..<start : start..<end
    }
}
