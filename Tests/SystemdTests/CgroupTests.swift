// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Systemd

@Suite struct CgroupTests {
    @Test(arguments: [
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-mcp-a.scope\n",
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-mcp-a.scope"
        ),
        ("9:name=systemd:/a.scope\n4:memory:/b\n0::/c\n", "/a.scope"),
        ("4:memory:/b\n0::/with:colon\n", "/with:colon"),
    ])
    func aProcessIsWhereSystemdPutIt(text: String, path: String) {
        #expect(UnitCgroup.path(in: text) == path)
    }

    @Test func aProcessThatIsGoneIsNowhere() {
        #expect(UnitCgroup.path(ofProcess: Int32.max) == nil)
        #expect(UnitCgroup.path(ofProcess: ProcessInfo.processInfo.processIdentifier) != nil)
    }

    @Test func theKernelsNumbersAreRead() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        let group = root.appending(path: "a.scope")
        try FileManager.default.createDirectory(at: group, withIntermediateDirectories: true)
        let files = [
            "memory.current": "4096\n", "memory.peak": "8192\n", "cgroup.procs": "12\n34\n",
            "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n",
            "memory.events": "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 0\n",
        ]
        for (name, text) in files { try Data(text.utf8).write(to: group.appending(path: name)) }
        let unit = UnitCgroup(path: "/a.scope", hierarchy: .unified, root: root.path)
        #expect(unit.memoryCurrent == 4096)
        #expect(unit.memoryPeak == 8192)
        #expect(unit.memoryEvents == MemoryEvents(high: 1, max: 2, oom: 3, oomKill: 4))
        #expect(unit.processes == [12, 34])
        #expect(unit.cpuSeconds == 2.5)
    }

    @Test func aCgroupThatIsGoneHasNoNumbers() {
        let unit = UnitCgroup(path: "/nowhere.scope", hierarchy: .unified, root: "/nonexistent")
        #expect(unit.memoryCurrent == nil)
        #expect(unit.memoryEvents == MemoryEvents(high: 0, max: 0, oom: 0, oomKill: 0))
        #expect(unit.processes.isEmpty)
        #expect(unit.cpuSeconds == nil)
    }

    @Test func noCgroupTreeMeansNoLimits() {
        let support = CgroupSupport.probe(managerGroup: "/", root: "/nonexistent")
        #expect(support == CgroupSupport(hierarchy: .none, controllers: []))
        #expect(!support.limitsMemory && !support.throttlesMemory && !support.freezes)
    }
}
