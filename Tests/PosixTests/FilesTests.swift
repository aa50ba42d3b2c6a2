// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

@Suite struct FilesTests {
    final class Place {
        let path = NSTemporaryDirectory() + "mcp-supervisor-test-" + UUID().uuidString
        init() throws { try Files.makeDirectory(path) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    let place: Place
    var file: String { place.path + "/file" }

    init() throws { place = try Place() }

    @Test func aReplacedFileHasTheNewContentAndModeAndLeavesNothingBeside() throws {
        try Files.replace(file, with: Array("old".utf8), mode: 0o644)
        try Files.replace(file, with: Array("new".utf8))
        #expect(Files.text(file) == "new")
        #expect(Files.names(in: place.path) == ["file"])
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func whoReadsTheOldFileReadsItToItsEnd() throws {
        try Files.replace(file, with: Array("old".utf8))
        let reader = try openFile(file, flags: O_RDONLY)
        try Files.replace(file, with: Array("new and longer".utf8))
        #expect(take(100, from: reader.raw) == Array("old".utf8))
    }

    @Test func aFailureLeavesTheOldFileAndNothingBeside() throws {
        _ = try Files.makeDirectory(file)
        let error = #expect(throws: PosixError.self) { try Files.replace(file, with: [1]) }
        #expect(error?.code == EISDIR)
        #expect(Files.names(in: place.path) == ["file"])
    }

    @Test func aFullDiskLeavesTheOldFileAndNothingBeside() async {
        // In a process of its own: a limit on files' sizes stands for the disk.
        await #expect(processExitsWith: .success) {
            let place = try Place()
            let file = place.path + "/file"
            try Files.replace(file, with: Array("old".utf8))
            // RLIMIT_FSIZE is 1 (sys/resource.h).
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
            precondition(unsafe setrlimit(__rlimit_resource_t(1), &limit) == 0)
            do {
                try Files.replace(file, with: [UInt8](repeating: 0x78, count: 5000))
                preconditionFailure("it was written")
            } catch let error as PosixError {
                precondition(error.code == EFBIG)
            }
            precondition(Files.text(file) == "old")
            precondition(Files.names(in: place.path) == ["file"])
        }
    }

    @Test func whatCannotBeAppendedIsTold() throws {
        let full = try openFile("/dev/full", flags: O_WRONLY)
        #expect(!Files.append([1], to: full.raw))
        let log = try openLog(file)
        #expect(Files.append([0x61], to: log.raw))
        #expect(Files.append([0x62], to: log.raw))
        #expect(Files.text(file) == "ab")
    }

    @Test func aFileOverTheLimitIsRefused() throws {
        try Files.replace(file, with: [UInt8](repeating: 7, count: 100_000))
        #expect(try Files.read(file, limit: 100_000).count == 100_000)
        let error = #expect(throws: PosixError.self) { try Files.read(file, limit: 99_999) }
        #expect(error?.code == EFBIG)
    }

    @Test func filesOfNoLengthAreReadToTheirEnd() throws {
        #expect(try Files.read("/proc/self/stat").isEmpty == false)
        #expect(try Files.read("/dev/null").isEmpty)
        #expect(Files.text("/does/not/exist") == nil)
    }

    @Test func directoriesAreMadeWithThoseAbove() throws {
        let deep = place.path + "/a/b/c"
        try Files.makeDirectory(deep)
        try Files.makeDirectory(deep)
        #expect(Files.identity(deep)?.isDirectory == true)
        #expect(Files.isPrivate(deep))
        _ = unsafe chmod(deep, 0o750)
        #expect(!Files.isPrivate(deep))
        #expect(!Files.isPrivate("/"), "it belongs to others, or others may enter")
        #expect(!Files.isPrivate(place.path + "/none"))
        try Files.replace(file, with: [])
        #expect(throws: PosixError.self) { try Files.makeDirectory(file + "/below") }
    }

    @Test func aLinkToAPrivateDirectoryIsNotOne() throws {
        let target = place.path + "/target"
        let link = place.path + "/link"
        try Files.makeDirectory(target)
        #expect(unsafe symlink(target, link) == 0)
        #expect(Files.isPrivate(target))
        #expect(!Files.isPrivate(link))
    }

    @Test func identitySurvivesARename() throws {
        try Files.replace(file, with: Array("x".utf8))
        let before = try #require(Files.identity(file))
        Files.move(file, to: file + "2")
        #expect(Files.identity(file) == nil)
        #expect(Files.identity(file + "2") == before)
        #expect(before.size == 1 && !before.isDirectory)
        Files.remove(file + "2")
        #expect(Files.names(in: place.path).isEmpty)
    }

    @Test func aLockIsHeldByOne() throws {
        let path = file
        let lock = try FileLock(path)
        let other = try openFile(path, flags: O_RDWR)
        #expect(flock(other.raw, LOCK_EX | LOCK_NB) == -1)
        #expect(try FileLock.ifFree(path) == nil)
        lock.release()
        try #require(try FileLock.ifFree(path)).release()
        #expect(flock(other.raw, LOCK_EX | LOCK_NB) == 0)
        #expect(Files.names(in: place.path) == ["file"])
    }

    @Test func aLockEndsWithItsOwner() throws {
        var lock: FileLock? = try FileLock(file)
        let other = try openFile(file, flags: O_RDWR)
        #expect(flock(other.raw, LOCK_EX | LOCK_NB) == -1)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(flock(other.raw, LOCK_EX | LOCK_NB) == 0)
    }
}
