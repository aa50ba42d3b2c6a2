// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

@Suite struct ProcessTableTests {
    @Test func weAreOurParentsChild() {
        #expect(ProcessTable.parents()[OwnProcess.pid] == getppid())
        #expect(ProcessTable.tree(of: getppid()).contains(OwnProcess.pid))
        #expect(ProcessTable.tree(of: OwnProcess.pid).first == OwnProcess.pid)
    }

    @Test func aProcessThatIsNotThereHasNothing() {
        let nobody: Int32 = 0x3FFF_FFFF
        #expect(ProcessTable.proportionalSetSize(of: nobody) == nil)
        #expect(ProcessTable.environmentValue("PATH", of: nobody) == nil)
        #expect(ProcessTable.cgroup(of: nobody) == nil)
        #expect(!ProcessTable.isZombie(nobody))
        #expect(ProcessTable.tree(of: nobody) == [nobody])
    }

    @Test func ourOwnSizeIsBelievable() throws {
        let size = try #require(ProcessTable.proportionalSetSize(of: OwnProcess.pid))
        #expect((1 << 20...8 << 30).contains(size))
        #expect(size.isMultiple(of: 1024))
    }

    @Test func aProcessIsFoundByItsMarkUntilItIsReaped() throws {
        // A name that would mislead whoever splits /proc/PID/stat at spaces.
        let folder = NSTemporaryDirectory() + "mcp (test) S 1 " + UUID().uuidString
        try Files.makeDirectory(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createSymbolicLink(atPath: folder + "/a) S 1", withDestinationPath: "/bin/cat")
        let cat = try Cat(
            folder + "/a) S 1", environment: [Array("MARKED=no".utf8), Array("MARK=yes=really".utf8)])
        let child = cat.child
        #expect(ProcessTable.environmentValue("MARK", of: child.pid) == "yes=really")
        #expect(ProcessTable.environmentValue("MAR", of: child.pid) == nil)
        #expect(ProcessTable.parents()[child.pid] == OwnProcess.pid)
        #expect(!ProcessTable.isZombie(child.pid))
        child.signal(SIGKILL)
        var watched = pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&watched, 1, -1) < 0, errno == EINTR {}
        #expect(ProcessTable.isZombie(child.pid))
        #expect(child.reap() == .signaled(SIGKILL))
        #expect(ProcessTable.parents()[child.pid] == nil)
    }
}
