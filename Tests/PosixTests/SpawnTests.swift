// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

/// What a started program finds: looked up in /proc while it runs.
@Suite struct SpawnTests {
    @Test func theEnvironmentIsExactlyWhatWasGiven() throws {
        let given: [[UInt8]] = [
            Array("A=1".utf8), Array("EMPTY=".utf8), [0x42, 0x3D, 0xFF, 0xFE], Array("C=x=y".utf8),
        ]
        let cat = try Cat(environment: given)
        let seen = try Files.read("/proc/\(cat.child.pid)/environ").split(separator: 0, omittingEmptySubsequences: true)
        #expect(seen.map { Array($0) } == given)
    }

    @Test func anEmptyEnvironmentStaysEmpty() throws {
        let cat = try Cat()
        #expect(try Files.read("/proc/\(cat.child.pid)/environ").isEmpty)
    }

    @Test func argumentsAreExactlyWhatWasGiven() throws {
        let cat = try Cat()
        #expect(Files.text("/proc/\(cat.child.pid)/cmdline") == "the cat\0-\0")
    }

    @Test func onlyTheGivenDescriptorsAreOpen() throws {
        // One that is not close-on-exec, as another library would leave it.
        let stray = dup(0)
        defer { close(stray) }
        let cat = try Cat()
        #expect(Files.names(in: "/proc/\(cat.child.pid)/fd") == ["0", "1", "2"])
    }

    @Test func theDirectoryIsTheGivenOne() throws {
        let cat = try Cat(directory: "/proc/sys")
        #expect(Files.link("/proc/\(cat.child.pid)/cwd") == "/proc/sys")
    }

    @Test func sessionAndProcessGroupAreItsOwn() throws {
        let cat = try Cat()
        #expect(getsid(cat.child.pid) == cat.child.pid)
        #expect(getpgid(cat.child.pid) == cat.child.pid)
        cat.child.signalGroup(SIGKILL)
        OwnProcess.waitFor(cat.child.pid)
    }

    @Test func signalsAreAsInAFreshProcess() async {
        // In a process of its own: what is blocked and ignored here belongs to all tests.
        await #expect(processExitsWith: .success) {
            var blocked = sigset_t()
            unsafe sigemptyset(&blocked)
            for number in [SIGTERM, SIGUSR1, SIGCHLD] { unsafe sigaddset(&blocked, number) }
            precondition(unsafe sigprocmask(SIG_BLOCK, &blocked, nil) == 0)
            OwnProcess.ignoreBrokenPipes()
            signal(SIGUSR2, SIG_IGN)
            let cat = try Cat()
            precondition(cat.signals("SigBlk") == 0)
            precondition(cat.signals("SigCgt") == 0)
            // glibc itself ignores its own two, 32 and 33, in what posix_spawn(3) starts.
            precondition(cat.signals("SigIgn") == 0x1_8000_0000)
        }
    }

    @Test(arguments: [("/does/not/exist", ENOENT), ("/etc/passwd", EACCES), ("/", EACCES)])
    func aProgramThatCannotRunIsAnErrorHere(path: String, code: Int32) throws {
        let null = try openFile("/dev/null", flags: O_RDWR).duplicate()
        let order = SpawnOrder(
            path: path, arguments: ["x"], environment: [], descriptors: [null.raw],
            directory: try openDirectory("/").release())
        defer { close(order.directory) }
        do {
            let pid = try order.start()
            OwnProcess.waitFor(pid)
            Issue.record("it started")
        } catch {
            #expect(error.code == code)
            #expect(error.description.contains(path))
        }
    }
}
