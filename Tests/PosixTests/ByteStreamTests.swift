// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

/// A descriptor that came from elsewhere is read and written without touching what its owner sees.
@Suite struct ByteStreamTests {
    @Test func anAdoptedPipeIsReadWithoutChangingItsFlags() throws {
        let pipe = try makePipe()
        let owners = try pipe.reading.duplicate()
        let stream = ByteStream(adopting: try pipe.reading.duplicate(), writing: false)
        #expect(stream.text().0 == .wouldBlock)
        put("hello", into: pipe.writing.raw)
        #expect(stream.text() == (.bytes(5), "hello"))
        #expect(!isNonBlocking(owners.raw))
        #expect(isNonBlocking(stream.raw))
    }

    @Test func anAdoptedPipeIsWrittenWithoutChangingItsFlags() throws {
        let pipe = try makePipe()
        let stream = ByteStream(adopting: try pipe.writing.duplicate(), writing: true)
        #expect(stream.put(Array("hello".utf8)) == .written(5))
        let size = try fill(stream)
        #expect(size > 0)
        #expect(stream.put([1]) == .wouldBlock)
        #expect(!isNonBlocking(pipe.writing.raw))
        #expect(!isNonBlocking(pipe.reading.raw))
        #expect(take(5, from: pipe.reading.raw) == Array("hello".utf8))
    }

    /// Writes until nothing more fits.
    func fill(_ stream: borrowing ByteStream) throws -> Int {
        var total = 0
        while case .written(let count) = stream.put([UInt8](repeating: 0x78, count: 65_536)) { total += count }
        return total
    }

    /// What is said to be taken whole is, whatever lies in the pipe.
    @Test(arguments: [0, 1, 4095, 4096, 30_000, 61_441, 65_536])
    func whatAPipeTakesWholeItDoesNotTakeInPart(unread: Int) throws {
        let pipe = try makePipe()
        #expect(fcntl(pipe.writing.raw, setPipeSize, 65_536) == 65_536)
        let stream = ByteStream(own: try pipe.writing.duplicate())
        if unread > 0 { #expect(stream.put([UInt8](repeating: 1, count: unread)) == .written(unread)) }
        #expect(stream.takenWhole(of: 100) == 100)
        let whole = stream.takenWhole(of: 1 << 20)
        #expect(whole == (unread == 0 ? 65_536 : 4096))
        let result = stream.put([UInt8](repeating: 2, count: whole))
        #expect(result == (unread + whole <= 65_536 ? .written(whole) : .wouldBlock))
        _ = take(unread + whole, from: pipe.reading.raw)
        #expect(stream.takenWhole(of: 1 << 20) == 65_536, "its reader has caught up")
    }

    /// Of a user who has many pipes, they are small (pipe(7), pipe-user-pages-soft).
    @Test func aSmallPipeTakesNoMoreThanItHolds() throws {
        let pipe = try makePipe()
        #expect(fcntl(pipe.writing.raw, setPipeSize, 8192) == 8192)
        let stream = ByteStream(own: try pipe.writing.duplicate())
        #expect(stream.takenWhole(of: 1 << 20) == 8192)
    }

    @Test func aSocketTakesWholeWhatIsSaidWhileItIsEmpty() throws {
        let pair = socketPair()
        let theirs = Descriptor(owning: pair.1)
        let stream = ByteStream(adopting: Descriptor(owning: pair.0), writing: true)
        let whole = stream.takenWhole(of: 1 << 20)
        #expect(whole > 4096)
        #expect(stream.put([UInt8](repeating: 1, count: whole)) == .written(whole))
        #expect(stream.takenWhole(of: 1 << 20) == 4096)
        #expect(take(whole, from: theirs.raw).count > 0)
    }

    @Test func anAdoptedSocketKeepsItsFlagsToo() throws {
        let pair = socketPair()
        let ours = Descriptor(owning: pair.0)
        let theirs = Descriptor(owning: pair.1)
        let foreign = try ours.duplicate()
        let stream = ByteStream(adopting: ours, writing: true)
        #expect(stream.text().0 == .wouldBlock)
        put("hello", into: theirs.raw)
        #expect(stream.text() == (.bytes(5), "hello"))
        #expect(try fill(stream) > 0)
        #expect(stream.put([1]) == .wouldBlock)
        #expect(!isNonBlocking(foreign.raw))
    }

    @Test func aSocketWhosePeerIsGoneIsClosedWithoutASignal() throws {
        let pair = socketPair()
        let ours = Descriptor(owning: pair.0)
        let theirs = Descriptor(owning: pair.1)
        let stream = ByteStream(adopting: ours, writing: true)
        close(theirs.release())
        #expect(stream.text().0 == .end)
        #expect(stream.put([1]) == .closed)
    }

    @Test func theEndOfAPipeIsSeen() throws {
        let pipe = try makePipe()
        put("last", into: pipe.writing.raw)
        pipe.ends { reading, writing in
            close(writing.release())
            let stream = ByteStream(adopting: reading, writing: false)
            #expect(stream.text() == (.bytes(4), "last"))
            #expect(stream.text().0 == .end)
        }
    }

    @Test func ourOwnPipeIsMadeNonBlocking() throws {
        let pipe = try makePipe()
        let stream = ByteStream(own: try pipe.reading.duplicate())
        #expect(stream.text().0 == .wouldBlock)
        #expect(isNonBlocking(pipe.reading.raw))
    }

    /// A named pipe without a reader cannot be opened anew (ENXIO, fifo(7)), like one of another user: careful mode.
    @Test func aPipeThatCannotBeOpenedAnewIsWrittenWithCare() throws {
        let path = NSTemporaryDirectory() + "mcp-supervisor-test-" + UUID().uuidString
        try #require(unsafe mkfifo(path, 0o600) == 0)
        defer { Files.remove(path) }
        let opener = try openFile(path, flags: O_RDWR)
        let writing = try openFile(path, flags: O_WRONLY)
        close(opener.release())
        let stream = ByteStream(adopting: writing, writing: true)
        let reader = try openFile(path, flags: O_RDONLY | O_NONBLOCK)
        #expect(!isNonBlocking(stream.raw))
        #expect(stream.put([UInt8](repeating: 1, count: 100_000)) == .written(4096))
        _ = try fill(stream)
        // A blocking write would stay here for ever.
        #expect(stream.put([1]) == .wouldBlock)
        _ = take(8192, from: reader.raw)
        #expect(stream.put([UInt8](repeating: 1, count: 100_000)) == .written(4096))
        #expect(!isNonBlocking(stream.raw))
    }

    @Test func carefulModeSeesThatTheReaderIsGone() async {
        // In a process of its own, where SIGPIPE is ignored as in the supervisor.
        await #expect(processExitsWith: .success) {
            OwnProcess.ignoreBrokenPipes()
            let pipe = try makePipe()
            pipe.ends { reading, writing in
                close(reading.release())
                let stream = ByteStream(adopting: writing, writing: true)
                precondition(stream.put([1]) == .closed)
            }
        }
    }

    @Test func aTerminalIsReadWithCare() throws {
        var leader: Int32 = -1
        var follower: Int32 = -1
        try #require(unsafe openpty(&leader, &follower, nil, nil, nil) == 0)
        let agent = Descriptor(owning: leader)
        let stream = ByteStream(adopting: Descriptor(owning: follower), writing: false)
        #expect(stream.text().0 == .wouldBlock)
        put("typed\n", into: agent.raw)
        #expect(stream.text() == (.bytes(6), "typed\n"))
        #expect(stream.text().0 == .wouldBlock)
        #expect(!isNonBlocking(stream.raw))
    }
}
