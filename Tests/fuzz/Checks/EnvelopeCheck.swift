// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What must hold of the scanner for any bytes whatsoever.
public enum EnvelopeCheck {
    /// - Returns: what is wrong; nil when nothing is.
    public static func complaint(about input: Span<UInt8>) -> String? {
        _ = Envelope(prefix: input)
        if let complaint = disagreement(on: input) { return complaint }
        return splitting(input)
    }

    /// The scanner takes exactly what the parser takes for an object, and what it would relay is that object again.
    private static func disagreement(on line: Span<UInt8>) -> String? {
        let value = try? JSONValue(parsing: line, maximumDepth: JSONScanner.maximumDepth + 2)
        guard let envelope = try? Envelope(scanning: line) else {
            return value?.objectValue == nil ? nil : "the scanner refuses an object"
        }
        guard value?.objectValue != nil else { return "the scanner takes what is no object" }
        let object = line.extracting(envelope.object)
        guard let again = try? Envelope(scanning: object) else { return "a part of a message is no message" }
        return again.kind == envelope.kind && again.id.count == envelope.id.count
            ? nil : "a message alone is another than in its line"
    }

    /// A stream cut anywhere gives the same lines as the stream whole.
    private static func splitting(_ stream: Span<UInt8>) -> String? {
        // Nothing but white space beyond the limit is blank or too long, as it comes; nobody waits for an answer to it.
        guard longestBlank(in: stream) < 60 else { return nil }
        let whole = lines(of: stream, pieces: stream.count + 1)
        for size in [1, 3, 7] where lines(of: stream, pieces: size) != whole { return "pieces of \(size) differ" }
        return nil
    }

    private static func longestBlank(in stream: Span<UInt8>) -> Int {
        var longest = 0
        var length = 0
        for index in stream.indices {
            length = stream[index] <= 0x20 ? length + 1 : 0
            longest = max(longest, length)
        }
        return longest
    }

    private static func lines(of stream: Span<UInt8>, pieces size: Int) -> [[UInt8]] {
        var splitter = LineSplitter(limit: 64)
        var result: [[UInt8]] = []
        var start = 0
        while start < stream.count {
            let chunk = stream.extracting(start..<min(start + size, stream.count))
            var offset = 0
            while let line = splitter.next(in: chunk, from: &offset) {
                switch line {
                case .inChunk(let range): result.append(copy(chunk, range))
                case .buffered: result.append(splitter.partial)
                case .oversize(let length): result.append(Array("oversize \(length)".utf8))
                }
            }
            start += size
        }
        return result
    }

    private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.append(bytes, range)
        return copy
    }
}
