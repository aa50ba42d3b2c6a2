// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

@Suite struct ChildProcessTests {
    func start(_ script: String) throws -> ChildProcess {
        let null = try openFile("/dev/null", flags: O_RDWR).duplicate()
        let directory = try openDirectory("/")
        let order = SpawnOrder(
            path: "/bin/sh", arguments: ["sh", "-c", script], environment: [],
            descriptors: [null.raw, null.raw, null.raw], directory: directory.raw)
        return try ChildProcess(pid: try order.start())
    }

    /// Waits for the pidfd, as the supervisor's loop does.
    func end(of child: ChildProcess) -> ProcessEnd? {
        var watched = pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&watched, 1, -1) < 0, errno == EINTR {}
        return child.reap()
    }

    @Test(arguments: [0, 1, 69, 255] as [Int32])
    func anExitStatusIsTold(status: Int32) throws {
        #expect(end(of: try start("exit \(status)")) == .exited(status))
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGSEGV])
    func aSignalIsTold(number: Int32) throws {
        #expect(end(of: try start("ulimit -c 0; kill -\(number) $$")) == .signaled(number))
    }

    @Test func nothingIsToldWhileItRuns() throws {
        let child = try start("exec sleep 1000")
        #expect(child.reap() == nil)
        child.signal(SIGTERM)
        #expect(end(of: child) == .signaled(SIGTERM))
    }

    @Test func aStatusIsTakenOnce() throws {
        let child = try start("exit 3")
        #expect(end(of: child) == .exited(3))
        #expect(child.reap() == .unknown, "nobody knows any more")
        // The pid may belong to another by now: a signal must reach nobody.
        child.signal(SIGKILL)
    }

    @Test func howAnothersChildEndedIsAsFarKnownAsTheKernelTells() throws {
        let child = try start("exec sleep 1000")
        let watcher = try ChildProcess(adopting: child.pid)
        let isTold = watcher.foreignEnd() == nil
        child.signal(SIGTERM)
        #expect(end(of: child) == .signaled(SIGTERM))
        // From Linux 6.15 on; before, its parent is the only one to know.
        #expect(watcher.foreignEnd() == (isTold ? .signaled(SIGTERM) : .unknown))
    }

    @Test func othersChildrenAreLeftAlone() throws {
        let first = try start("exit 1")
        let second = try start("exit 2")
        #expect(end(of: second) == .exited(2))
        #expect(end(of: first) == .exited(1))
    }

    @Test func aProcessThatWasSeenIsHeldAndALaterOneWithItsPidIsNot() throws {
        let child = try start("exec sleep 1000")
        let started = try #require(ProcessTable.startTime(of: child.pid))
        #expect(ChildProcess.seen(child.pid, startedAt: started - 1) == nil)
        let seen = try #require(ChildProcess.seen(child.pid, startedAt: started))
        seen.signal(SIGTERM)
        #expect(end(of: child) == .signaled(SIGTERM))
        #expect(ChildProcess.seen(child.pid, startedAt: started) == nil)
    }

    @Test func aProcessThatIsNotThereHasNoHandle() {
        let error = #expect(throws: PosixError.self) { try ChildProcess(pid: 0x3FFF_FFFF) }
        #expect(error?.code == ESRCH)
    }
}
