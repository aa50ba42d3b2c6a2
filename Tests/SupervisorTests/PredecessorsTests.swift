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

    private func ledger(_ number: Int) throws -> Ledger { try Ledger(path: prefix + String(Self.gone + number)) }

    @Test(arguments: [[0, 7, 20], [20, 7, 0], [7, 20, 0]])
    func theBooksOfTheLastWhoTalkedToABackendCount(ids: [UInt64]) throws {
        for (number, id) in ids.enumerated() {
            let books = try #require(BackendBooks(try ledger(number), unit: unit))
            if id > 0 { books.note(lastID: id) }
        }
        let predecessors = Predecessors(prefix: prefix)
        #expect(predecessors.streams(of: Identity(unit: unit))?.lastID == 20)
    }

    @Test func aBackendThatIsAdoptedIsInNobodyElsesBooksAnyMore() throws {
        for number in 0..<3 {
            let books = try #require(BackendBooks(try ledger(number), unit: unit))
            books.note(lastID: UInt64(number + 1))
            _ = BackendBooks(try ledger(number + 10), unit: "app-mcp-other.scope")
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
        let books = try #require(BackendBooks(ledger, unit: unit))
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
