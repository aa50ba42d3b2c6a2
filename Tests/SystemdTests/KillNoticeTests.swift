// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Systemd

/// A cgroup v1 in a directory: the kernel's part is played by writing to the event counter that it was given.
@Suite struct KillNoticeTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    private func group() throws -> UnitCgroup {
        let folder = root.appending(path: "memory/a.scope")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["memory.oom_control", "cgroup.event_control"] {
            try Data().write(to: folder.appending(path: name))
        }
        return UnitCgroup(path: "/a.scope", hierarchy: .legacy, root: root.path)
    }

    private func tell() throws {
        let registration = try String(
            contentsOf: root.appending(path: "memory/a.scope/cgroup.event_control"), encoding: .utf8)
        let counter = try #require(registration.split(separator: " ").first.flatMap { Int32($0) })
        var one: UInt64 = 1
        #expect(unsafe write(counter, &one, 8) == 8)
    }

    @Test func theEndOfTheCgroupAloneIsNoLackOfMemory() async throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let group = try group()
        try await withResident { resident in
            try await resident.perform { resident in
                let notice = try #require(KillNotice(group, loop: resident.loop) {})
                #expect(notice.lastWord == .nothing)
                try tell()
                #expect(notice.lastWord == .open)
                #expect(notice.lastWord == .open)
                try tell()
                #expect(notice.lastWord == .lack)
            }
        }
    }

    @Test func whatLedToNoDeathIsForgotten() async throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let group = try group()
        try await withResident { resident in
            try await resident.perform { resident in
                let notice = try #require(KillNotice(group, loop: resident.loop) {})
                try tell()
                notice.forget()
                try tell()
                #expect(notice.lastWord == .open)
            }
        }
    }
}
