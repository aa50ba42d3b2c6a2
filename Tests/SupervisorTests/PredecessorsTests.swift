// SPDX-License-Identifier: Apache-2.0

import Foundation
import MCPWire
import Posix
import Testing

@testable import Supervisor

/// Books of several supervisors that are gone: the later ones were killed before the older ones' books were thrown away.
@Suite final class PredecessorsTests {
    private let folder = NSTemporaryDirectory() + "predecessors-\(UUID().uuidString)"
    private let unit = "app-mcp-serena.scope"
    /// Above what a kernel gives (PID_MAX_LIMIT).
    private static let gone = 5_000_000

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private var prefix: String { folder + "/ledger." }

    private func ledger(_ number: Int, order: UInt64 = 1) throws -> Ledger {
        try Ledger(path: prefix + String(Self.gone + number), order: order)
    }

    private func backend(_ ledger: Ledger, _ unit: String) throws -> BackendBooks {
        let books = try #require(BackendBooks(ledger, unit: unit))
        books.begin()
        return books
    }

    @Test(arguments: [[1, 2, 3], [3, 2, 1], [2, 3, 1]])
    func theBooksOfTheLastWhoTalkedToABackendCount(orders: [UInt64]) throws {
        for (number, order) in orders.enumerated() {
            try backend(try ledger(number, order: order), unit).note(lastID: order * 10)
        }
        let unbegun = try #require(BackendBooks(try ledger(9, order: 4), unit: unit))
        unbegun.note(lastID: 5)
        let predecessors = Predecessors(prefix: prefix)
        #expect(predecessors.lastOrder == 4)
        #expect(predecessors.streams(of: Identity(unit: unit))?.lastID == 30)
        unbegun.begin()
        #expect(Predecessors(prefix: prefix).streams(of: Identity(unit: unit))?.lastID == 5)
    }

    /// Killed between two stores, a supervisor leaves either all to its predecessor's books or all to its own.
    @Test func aSessionIsOwedByOneOfThemOnly() throws {
        let someone = Identity(high: 1, low: 2)
        let first = try #require(SessionBooks(try ledger(0), someone))
        first.opened(RawToken("1"))
        first.writeRecord.keep(Array("rest\n".utf8)[...], at: 0)
        first.begin()
        let second = try #require(SessionBooks(try ledger(1, order: 2), someone))
        second.writeRecord.keep(Array("rest\n".utf8)[...], at: 0)
        for id in ["1", "2"] { second.opened(RawToken(id)) }
        let before = try #require(Predecessors(prefix: prefix).lost(someone))
        #expect(before.requests == [Array("1".utf8)] && before.unsent == Array("rest\n".utf8))
        second.begin()
        let after = try #require(Predecessors(prefix: prefix).lost(someone))
        #expect(after.requests.count == 2 && after.unsent == Array("rest\n".utf8), "not twice")
    }

    @Test(arguments: [true, false], [true, false])
    func booksAreKeptWhileSomebodyMayCome(isShimAlive: Bool, isClaimed: Bool) throws {
        let someone = Identity(high: 1, low: 2)
        let ledger = try ledger(0)
        let shim = isShimAlive ? ShimProcess(OwnProcess.pid) : ShimProcess(number: 77 << 32 | 5_000_000)
        let books = try #require(SessionBooks(ledger, someone, shim: shim))
        books.opened(RawToken("1"))
        books.keep(lobby: Array("{}".utf8))
        books.begin()
        let predecessors = Predecessors(prefix: prefix)
        if isClaimed { predecessors.claimed(someone) }
        let isKept = isShimAlive && !isClaimed
        #expect(predecessors.forgetSettled() == isKept)
        #expect(Files.names(in: folder).count == (isKept ? 2 : 0))
        #expect((predecessors.lost(someone) != nil) == isKept)
    }

    /// A pid comes again, in a container with every start: what lies there is somebody else's.
    @Test func whatWasLeftUnderOurPidIsAnothers() throws {
        let before = try Ledger(path: prefix + "\(OwnProcess.pid)-7")
        let someone = Identity(high: 1, low: 2)
        let books = try #require(SessionBooks(before, someone))
        books.keep(lobby: Array("{}".utf8))
        books.begin()
        let predecessors = Predecessors(prefix: prefix)
        #expect(predecessors.ownPath != prefix + "\(OwnProcess.pid)-7")
        #expect(predecessors.lost(someone)?.lobby.count == 1)
        #expect(!predecessors.forgetSettled() && Files.names(in: folder).isEmpty)
    }

    @Test func partsThatNobodyReadsGo() throws {
        for name in ["5000000", "5000001.4", "5000002-9.4.lobby", "nonsense.1", "\(getppid()).7.unsent"] {
            _ = try Files.openPrivate(prefix + name)
        }
        _ = Predecessors(prefix: prefix)
        #expect(Files.names(in: folder) == ["ledger.\(getppid()).7.unsent"], "another version may still be here")
    }

    /// One that waits for its backends to end notes on.
    @Test func booksAreKeptWhileTheirOwnerLives() throws {
        let root = try openDirectory("/")
        let order = SpawnOrder(
            path: "/bin/sleep", arguments: ["sleep", "60"], environment: [], descriptors: [], directory: root.raw)
        let owner = try ChildProcess(pid: order.start())
        _ = try Ledger(path: prefix + String(owner.pid))
        let predecessors = Predecessors(prefix: prefix)
        #expect(predecessors.forgetSettled() && predecessors.isAnyoneHere && !predecessors.hasAnyoneGone())
        owner.signal(9)
        while owner.reap() == nil { sched_yield() }
        #expect(predecessors.hasAnyoneGone() && !predecessors.hasAnyoneGone() && !predecessors.isAnyoneHere)
        #expect(!predecessors.forgetSettled() && Files.names(in: folder).isEmpty)
    }

    @Test func aBackendThatIsAdoptedIsInNobodyElsesBooksAnyMore() throws {
        for number in 0..<3 {
            try backend(try ledger(number), unit).note(lastID: UInt64(number + 1))
            _ = try backend(try ledger(number + 10), "app-mcp-other.scope")
        }
        let predecessors = Predecessors(prefix: prefix)
        #expect(predecessors.streams(of: Identity(unit: unit)) != nil)
        predecessors.adopted(Identity(unit: unit))
        #expect(predecessors.streams(of: Identity(unit: unit)) == nil)
        #expect(predecessors.streams(of: Identity(unit: "app-mcp-other.scope")) != nil)
        // The next one looks into the files.
        #expect(Predecessors(prefix: prefix).streams(of: Identity(unit: unit)) == nil)
        #expect(Predecessors(prefix: prefix).streams(of: Identity(unit: "app-mcp-other.scope")) != nil)
    }

    @Test func halfALineThatIsInheritedIsInTheBooksAtOnce() throws {
        let ledger = try ledger(0)
        let books = try backend(ledger, unit)
        let loop = try StreamLoop()
        let pipe = try PipeEnds()
        var splitter = LineSplitter(limit: 100)
        var offset = 0
        #expect(splitter.next(in: Array("{\"half".utf8).span, from: &offset) == nil)
        let stream = try InputStream(
            pipe.takeReading(), splitter: splitter, loop: loop, receiver: Recorder(), record: books.readRecord)
        defer { stream.close() }
        let lost = try #require(Predecessors(prefix: prefix).streams(of: Identity(unit: unit)))
        #expect(String(decoding: lost.unread, as: UTF8.self) == "{\"half")
    }
}
