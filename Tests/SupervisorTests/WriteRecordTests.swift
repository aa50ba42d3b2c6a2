// SPDX-License-Identifier: Apache-2.0

import Foundation
import MCPWire
import Posix
import Testing

@testable import Supervisor

/// What a successor knows of a line that was being written.
@Suite struct WriteRecordTests {
    private let someone = Identity(high: 1, low: 2)

    @Test func aLineThatIsWrittenInPartsIsFinishedBySomebodyElse() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let pipe = try makePipe()
        var outbox = Outbox(ByteStream(own: try pipe.writing.duplicate()))
        outbox.record = books.writeRecord
        let small = Array("{\"small\":1}\n".utf8)
        let large = Array(repeating: UInt8(ascii: "x"), count: 200_000) + [0x0A]
        books.opened(RawToken("1"))
        books.opened(RawToken("2"))
        outbox.append(small[...])
        books.answered(RawToken("1"), end: UInt64(small.count))
        outbox.append(large[...])
        books.answered(RawToken("2"), end: UInt64(small.count + large.count))
        outbox.append(small[...])
        #expect(outbox.flush() == .waiting)
        let reader = ByteStream(own: try pipe.reading.duplicate())
        let buffer = ReadBuffer(size: 1 << 20)
        var got = take(buffer, reader)
        let lost = try #require(desk.lost(someone))
        #expect(lost.requests == [])
        #expect(!lost.outputIsMidLine)
        #expect(got + lost.unsent == small + large)
        // The reader is behind: in small parts, and known after each of them.
        for _ in 0..<100 where outbox.count > 0 {
            _ = outbox.flush()
            got += take(buffer, reader)
            let now = try #require(desk.lost(someone))
            #expect((got + now.unsent).starts(with: small + large))
            #expect(!now.outputIsMidLine)
        }
        #expect(got == small + large + small)
    }

    /// Whoever is killed next: what nobody else has any more is there until it is written.
    @Test func whatIsInheritedIsKeptWholeUntilItIsWritten() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let pipe = try makePipe()
        var outbox = Outbox(ByteStream(own: try pipe.writing.duplicate()))
        outbox.record = books.writeRecord
        let lines = (0..<30).flatMap { Array("\($0)\(String(repeating: "x", count: 9000))\n".utf8) }
        let rest = Array("lf a line\n".utf8) + lines
        outbox.append(inherited: rest[...])
        books.opened(RawToken("1"))
        outbox.append(lines[...])
        books.answered(RawToken("1"), end: UInt64(rest.count + lines.count))
        let reader = ByteStream(own: try pipe.reading.duplicate())
        let buffer = ReadBuffer(size: 7_000)
        var got: [UInt8] = []
        for _ in 0..<1000 where outbox.count > 0 {
            let lost = try #require(desk.lost(someone))
            let left = rest.dropFirst(Int(outbox.written))
            #expect(left.isEmpty || (lost.unsent == Array(left) && !lost.outputIsMidLine && lost.texts == ["1"]))
            _ = outbox.flush()
            got += take(buffer, reader)
        }
        while got.count < rest.count + lines.count { got += take(buffer, reader) }
        #expect(got == rest + lines && desk.lost(someone)?.texts == [])
    }

    /// It is written up to a line's end, and the next portion reaches into a line that does not fit.
    @Test func whatIsInheritedDoesNotMakeRoomForALineBehindIt() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let pipe = try makePipe()
        #expect(fcntl(pipe.writing.raw, 1031, 65_536) == 65_536)
        var outbox = Outbox(ByteStream(own: try pipe.writing.duplicate()))
        outbox.record = books.writeRecord
        let line = Array(repeating: UInt8(ascii: "x"), count: 2047) + [0x0A]
        outbox.append(inherited: (0..<33).flatMap { _ in line }[...])
        outbox.append((Array(repeating: UInt8(ascii: "y"), count: 200_000) + [0x0A])[...])
        #expect(outbox.flush() == .waiting && outbox.written == 65_536)
        #expect(desk.lost(someone)?.unsent == line)
    }

    private func take(_ buffer: ReadBuffer, _ stream: borrowing ByteStream) -> [UInt8] {
        guard case .bytes(let count) = buffer.read(stream) else { return [] }
        return buffer.withBytes(count) { bytes in bytes.indices.map { bytes[$0] } }
    }
}
