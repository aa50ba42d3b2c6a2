// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

/// Descriptors are counted in processes of their own, where no other test opens any.
@Suite struct DescriptorTests {
    /// How many more are open than before. The Swift runtime opens three of its own when it likes to; what leaks in
    /// 64 rounds is 64 at least.
    static func hasGrown(since before: Int) -> Bool { OwnProcess.openDescriptors - before >= 32 }

    @Test func theCounterSeesDescriptorsThatAreLeftOpen() async {
        await #expect(processExitsWith: .success) {
            let before = OwnProcess.openDescriptors
            let leaked = try (0..<64).map { _ in try openFile("/dev/null", flags: O_RDONLY).release() }
            precondition(DescriptorTests.hasGrown(since: before))
            for descriptor in leaked { close(descriptor) }
            precondition(!DescriptorTests.hasGrown(since: before))
        }
    }

    @Test func anOwnerClosesAtItsEnd() async {
        await #expect(processExitsWith: .success) {
            let before = OwnProcess.openDescriptors
            for _ in 0..<64 {
                let pipe = try makePipe()
                _ = try pipe.reading.duplicate()
                _ = try Descriptor.copy(of: pipe.writing.raw)
                _ = ByteStream(adopting: try pipe.reading.duplicate(), writing: false)
                _ = try Poller()
                _ = try openDirectory("/")
                _ = try FileLock("/dev/null")
            }
            precondition(!DescriptorTests.hasGrown(since: before))
        }
    }

    @Test func startsThatFailLeaveNothingOpen() async {
        await #expect(processExitsWith: .success) {
            let before = OwnProcess.openDescriptors
            for attempt in 0..<64 {
                let isMissing = attempt.isMultiple(of: 2)
                let input = try makePipe()
                let output = try makePipe()
                let childInput = try input.reading.duplicate()
                let childOutput = try output.writing.duplicate()
                let directory = try openDirectory("/")
                let order = SpawnOrder(
                    path: isMissing ? "/does/not/exist" : "/etc/passwd", arguments: ["x"],
                    environment: [], descriptors: [childInput.raw, childOutput.raw], directory: directory.raw)
                do throws(PosixError) {
                    _ = try order.start()
                    preconditionFailure("it started")
                } catch {
                    precondition(error.code == (isMissing ? ENOENT : EACCES))
                }
            }
            precondition(!DescriptorTests.hasGrown(since: before))
        }
    }

    @Test func startsThatSucceedLeaveNothingOpenEither() async {
        await #expect(processExitsWith: .success) {
            let before = OwnProcess.openDescriptors
            for _ in 0..<64 {
                let null = try openFile("/dev/null", flags: O_RDWR)
                let far = try null.duplicate()
                let directory = try openDirectory("/")
                let order = SpawnOrder(
                    path: "/bin/true", arguments: ["true"], environment: [], descriptors: [far.raw, far.raw, far.raw],
                    directory: directory.raw)
                let child = try ChildProcess(pid: try order.start())
                OwnProcess.waitFor(child.pid)
            }
            precondition(!DescriptorTests.hasGrown(since: before))
        }
    }

    @Test func everyDescriptorClosesOnExec() throws {
        let pipe = try makePipe()
        let poller = try Poller()
        let copy = try pipe.reading.duplicate()
        let directory = try openDirectory("/")
        for raw in [pipe.reading.raw, pipe.writing.raw, copy.raw, directory.raw, poller.descriptor] {
            #expect(fcntl(raw, F_GETFD) & FD_CLOEXEC != 0)
        }
        #expect(copy.raw >= 10)
    }

    @Test func kindsAreTold() throws {
        let pipe = try makePipe()
        let pair = socketPair()
        let one = Descriptor(owning: pair.0)
        let other = Descriptor(owning: pair.1)
        #expect(pipe.reading.kind() == .pipe)
        #expect(one.kind() == .socket && other.kind() == .socket)
        #expect(try openDirectory("/").kind() == .directory)
        #expect(try openFile("/dev/null", flags: O_RDONLY).kind() == .other)
    }

    @Test func aNumberPassesThroughAPipeWhole() throws {
        let pipe = try makePipe()
        var number: Int32 = -2
        _ = unsafe withUnsafeBytes(of: &number) { unsafe write(pipe.writing.raw, $0.baseAddress, 4) }
        #expect(pipe.reading.receiveNumber() == -2)
        try pipe.writing.send(byte: 7)
        pipe.ends { reading, writing in
            close(writing.release())
            #expect(reading.receiveNumber() == nil, "one byte is no number")
            #expect(reading.receiveNumber() == nil, "nor is the end")
        }
    }

    @Test func anErrorSaysWhatFailedOnWhatAndWhy() {
        let error = #expect(throws: PosixError.self) { _ = try openDirectory("/does/not/exist") }
        #expect(error.map { "\($0)" } == "cannot open /does/not/exist: No such file or directory")
    }
}
