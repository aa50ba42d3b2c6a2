// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// What the message path costs without pipes: the scanner on large messages, and the machine on small ones.
///
/// usage: wire-bench scan        one line a shape: its name, bytes, and the fastest of some rounds in nanoseconds
///        wire-bench calls N     N calls and their answers through the machine, for a counter of allocations
@main
enum Program {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first.flatMap { Int($0) }) {
        case ("scan", nil): scan()
        case ("calls", let count?):
            var conversation = Conversation()
            print(conversation.run(calls: count))
        default: print("usage: wire-bench scan | calls N")
        }
    }

    private static func scan() {
        for shape in LargeMessage.allCases {
            let message = shape.bytes(atLeast: 12 << 20)
            var line = message
            line.append(0x0A)
            print(shape.rawValue, "scan", message.count, fastest { _ = try? Envelope(scanning: message.span) })
            print(shape.rawValue, "split", message.count, fastest { split(line) })
            var copy: [UInt8] = []
            copy.reserveCapacity(message.count)
            // What the memory gives: the scanner's target is a tenth of it, at most 1 GB/s.
            let time = fastest {
                copy.removeAll(keepingCapacity: true)
                copy.append(message.span)
            }
            print(shape.rawValue, "copy", message.count, time)
        }
    }

    private static func split(_ line: [UInt8]) {
        var splitter = LineSplitter(limit: 64 << 20)
        var offset = 0
        while splitter.next(in: line.span, from: &offset) != nil {}
    }

    /// Nanoseconds of the fastest round.
    private static func fastest(_ work: () -> Void) -> Int64 {
        var best = Int64.max
        for _ in 0..<9 {
            let time = ContinuousClock().measure(work)
            best = min(best, time.components.attoseconds / 1_000_000_000)
        }
        return best
    }
}
