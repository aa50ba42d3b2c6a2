// SPDX-License-Identifier: Apache-2.0

import Foundation
import MCPWire
import Posix
import Testing

@testable import Supervisor

@Suite struct LedgerTests {
    @Test func whatABackendHasNotAnsweredIsKnown() throws {
        let desk = try LedgerDesk()
        let backend = Identity(unit: "app-mcp-a-1.scope")
        let backendBooks = try #require(desk.backend("app-mcp-a-1.scope"))
        let books = try #require(desk.session(someone))
        books.opened(RawToken("1"))
        books.opened(RawToken("2"))
        books.opened(RawToken("3"))
        books.sent(RawToken("1"), as: 12, to: backendBooks)
        books.sent(RawToken("2"), as: 11, to: backendBooks)
        #expect(desk.report?.backends[backend]?.open == [11, 12])
        #expect(desk.lost(someone)?.texts == ["1", "2", "3"])
        books.answered(RawToken("1"), end: 100)
        books.dropped(RawToken("2"))
        #expect(desk.report?.backends[backend]?.open == [])
    }

    @Test func whatNoSessionAskedForIsKnownToo() throws {
        let desk = try LedgerDesk()
        let backend = Identity(unit: "app-mcp-a-1.scope")
        let books = try #require(desk.backend("app-mcp-a-1.scope"))
        let sessionBooks = try #require(desk.session(someone))
        sessionBooks.opened(RawToken("1"))
        sessionBooks.sent(RawToken("1"), as: 11, to: books)
        books.asked(12, token: 1)
        books.asked(13, token: 2)
        #expect(desk.report?.backends[backend]?.open == [11, 12, 13])
        #expect(desk.report?.backends[backend]?.asked == [12, 13])
        #expect(desk.lost(someone)?.texts == ["1"])
        books.answered(token: 1)
        #expect(desk.report?.backends[backend]?.asked == [13])
        sessionBooks.dropped(RawToken("1"))
        books.close()
        let next = try #require(desk.backend("app-mcp-a-1.scope"))
        #expect(desk.report?.backends[backend]?.open == [], "its page was not left full")
        next.close()
    }

    @Test func whatRunsOnWithoutAClientWhoWaitsIsKnown() throws {
        let desk = try LedgerDesk()
        let backend = Identity(unit: "app-mcp-a-1.scope")
        let books = try #require(desk.backend("app-mcp-a-1.scope"))
        let sessionBooks = try #require(desk.session(someone))
        sessionBooks.opened(RawToken("1"))
        sessionBooks.sent(RawToken("1"), as: 11, to: books)
        books.note(Unclaimed(requests: [12], revision: 1))
        #expect(desk.report?.backends[backend]?.open == [11, 12])
        books.note(Unclaimed(requests: [11, 12], revision: 2))
        sessionBooks.dropped(RawToken("1"))
        #expect(desk.report?.backends[backend]?.open == [11, 12], "taken back, and perhaps not stopped")
        books.note(Unclaimed(requests: [11], revision: 3))
        #expect(desk.report?.backends[backend]?.open == [11] && books.unclaimedRevision == 3)
        books.close()
        let next = try #require(desk.backend("app-mcp-a-1.scope"))
        #expect(desk.report?.backends[backend]?.open == [], "its page was not left full")
        next.close()
    }

    @Test func whatRunsForSessionsOnTheirWayBackIsKnown() throws {
        let desk = try LedgerDesk()
        let backend = Identity(unit: "app-mcp-a-1.scope")
        let books = try #require(desk.backend("app-mcp-a-1.scope"))
        books.expect([11, 12])
        #expect(desk.report?.backends[backend]?.open == [11, 12])
        let back = try #require(desk.session(someone))
        back.opened(RawToken("1"))
        back.sent(RawToken("1"), as: 11, to: books)
        books.expectNoLonger()
        #expect(desk.report?.backends[backend]?.open == [11], "the other one does not come")
    }

    @Test func whatWaitsForItsRepositoryIsNotLost() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let messages = [#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, #"{"jsonrpc":"2.0","method":"x"}"#]
        let lines = messages.map { Array($0.utf8) }
        for line in lines { books.keep(lobby: line) }
        books.opened(RawToken("1"))
        books.opened(RawToken("2"))
        #expect(desk.lost(someone)?.lobby == lines)
        #expect(desk.lost(someone)?.texts == ["1", "2"], "what of it is owed decides what is said again")
        books.forgetLobby()
        #expect(desk.lost(someone)?.lobby == [])
        books.keep(lobby: lines[1])
        #expect(desk.lost(someone)?.lobby == [lines[1]], "another wait begins anew")
        books.close()
        let name = desk.path.dropFirst(NSTemporaryDirectory().count)
        #expect(!Files.names(in: NSTemporaryDirectory()).contains { $0.hasPrefix(name) && $0.hasSuffix(".lobby") })
    }

    private let someone = Identity(high: 1, low: 2)

    @Test func aRequestIsLostUntilItsAnswerIsWrittenToItsEnd() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        books.opened(RawToken("1"))
        books.opened(RawToken("\"two\""))
        #expect(desk.lost(someone)?.texts == ["1", "\"two\""])
        books.answered(RawToken("1"), end: 100)
        #expect(desk.lost(someone)?.texts == ["1", "\"two\""])
        books.writeRecord.note(99, isMidLine: true)
        #expect(desk.lost(someone)?.texts == ["1", "\"two\""])
        #expect(desk.lost(someone)?.outputIsMidLine == true)
        books.writeRecord.note(100, isMidLine: false)
        #expect(desk.lost(someone)?.texts == ["\"two\""])
        books.written(100)
        books.dropped(RawToken("\"two\""))
        #expect(desk.lost(someone) == LedgerReport.LostSession())
        books.close()
        #expect(desk.lost(someone) == nil)
    }

    @Test func twoRequestsWithOneIdAreOwedTwoAnswers() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        books.opened(RawToken("1"))
        books.opened(RawToken("1"))
        books.answered(RawToken("1"), end: 10)
        books.writeRecord.note(10, isMidLine: false)
        #expect(desk.lost(someone)?.texts == ["1"])
    }

    @Test func aBatchThatWasLookedAtIsNotLookedAtAgain() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let buffer = desk.ledger.readBuffer()
        let pipe = try makePipe()
        let elements = ["1", "2"].map { #"{"jsonrpc":"2.0","id":\#($0),"method":"a"}"# }
        let rest = #"{"jsonrpc":"2.0","method":"b"}"# + "\n\0garbage\n{\"js"
        #expect(Files.append(Array(("[" + elements.joined(separator: ",") + "]\n" + rest).utf8), to: pipe.writing.raw))
        books.readRecord.begin()
        guard case .bytes(let count) = buffer.read(ByteStream(own: try pipe.reading.duplicate())) else {
            return #expect(Bool(false), "nothing was read")
        }
        for known in [false, true] {
            if known { books.readRecord.read(count) }
            #expect(unread(desk)?.hasSuffix(rest) == true && unread(desk)?.first == "[")
        }
        books.opened(RawToken("1"))
        #expect(unread(desk) == rest)
        #expect(desk.lost(someone)?.texts == ["1", "2"], "also what was not noted yet")
    }

    @Test func aDamagedIdReachesNobody() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        for id in ["1", "", "tru", "\0\0", "{}", "\"two\"", "\"open"] { books.opened(RawToken(id)) }
        #expect(Set(desk.lost(someone)?.texts ?? []) == ["1", "\"two\""])
    }

    @Test func whatHasLeftThePipeIsLostWithTheReader() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let buffer = desk.ledger.readBuffer()
        let pipe = try makePipe()
        let text =
            #"{"jsonrpc":"2.0","id":1,"method":"a"}"# + "\n" + #"{"jsonrpc":"2.0","id":2,"method":"b"}"# + "\n{\"js"
        #expect(Files.append(Array(text.utf8), to: pipe.writing.raw))
        let stream = ByteStream(own: try pipe.reading.duplicate())
        buffer.clean()
        books.readRecord.begin()
        #expect(buffer.read(stream) == .bytes(text.utf8.count))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(unread(desk) == text)
        books.opened(RawToken("1"))
        #expect(desk.lost(someone)?.texts == ["1"])
        #expect(unread(desk) == lines[1...].joined(separator: "\n"), "the line is in the books")
        books.readRecord.handled(38)
        books.dropped(RawToken("1"))
        #expect(unread(desk) == lines[1...].joined(separator: "\n"))
        books.readRecord.handled(76)
        books.readRecord.end(unfinished: Array("{\"js".utf8), skipping: false)
        #expect(unread(desk) == "{\"js")
        // The next read begins with a clean buffer, and the line goes on.
        buffer.clean()
        books.readRecord.begin()
        #expect(unread(desk) == "{\"js")
        #expect(Files.append(Array("on".utf8), to: pipe.writing.raw))
        #expect(buffer.read(stream) == .bytes(2))
        #expect(unread(desk) == "{\"json")
        books.readRecord.end(unfinished: Array("{\"json".utf8), skipping: false)
        #expect(unread(desk) == "{\"json")
        books.readRecord.begin()
        books.readRecord.end(unfinished: Array("{\"json and too long".utf8), skipping: true)
        let skipped = LedgerReport.LostSession(inputIsMidLine: true, skipped: Array("{\"json and too long".utf8))
        #expect(desk.lost(someone) == skipped)
        books.readRecord.begin()
        books.readRecord.handled(3)
        #expect(desk.lost(someone)?.inputIsMidLine == false, "its end has come, and was told")
        books.readRecord.begin()
        books.readRecord.end(unfinished: [], skipping: false)
        #expect(desk.lost(someone) == LedgerReport.LostSession())
    }

    /// Connections and a server's stderr are read into the same buffer.
    @Test func whatOthersReadIsNotTakenForTheStreamThatFoundNothing() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let buffer = desk.ledger.readBuffer()
        let loop = try StreamLoop(buffer: buffer)
        let pipe = try PipeEnds()
        let receiver = Recorder()
        let stream = try InputStream(
            pipe.takeReading(), splitter: LineSplitter(limit: 100), loop: loop, receiver: receiver,
            record: books.readRecord)
        defer { stream.close() }
        stream.ready(.readable)
        let other = try makePipe()
        #expect(Files.append(Array("{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n".utf8), to: other.writing.raw))
        let read = buffer.read(ByteStream(own: try other.reading.duplicate()))
        guard case .bytes = read else { return #expect(Bool(false), "\(read)") }
        #expect(unread(desk) == "")
        pipe.closeWriting()
        stream.ready(.hangup)
        #expect(unread(desk) == "" && receiver.seen == ["end"], "nor for one that has ended")
    }

    private func unread(_ desk: LedgerDesk) -> String? {
        desk.lost(someone).map { String(decoding: $0.unread, as: UTF8.self) }
    }

    @Test func aHandshakeThatIsLostIsHadAgain() throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        let line = #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{}}"#
        books.keep(opening: Array(line.utf8).span, RawToken("\"i\""))
        books.opened(RawToken("\"i\""))
        books.opened(RawToken("2"))
        #expect(desk.lost(someone)?.texts == ["2"])
        #expect(unread(desk) == line + "\n")
        books.answered(RawToken("\"i\""), end: 10)
        books.writeRecord.note(10, isMidLine: false)
        #expect(unread(desk) == "")
        books.written(10)
        #expect(Files.identity(LedgerLayout.openingPath(desk.path, 0)) == nil)
    }

    @Test func aStreamIsNotTakenForItsSuccessorInTheSamePlace() throws {
        let desk = try LedgerDesk()
        let first = try #require(desk.session(someone))
        first.opened(RawToken("1"))
        first.writeRecord.note(7, isMidLine: true)
        first.close()
        let other = Identity(high: 3, low: 4)
        let second = try #require(desk.session(other))
        #expect(desk.lost(other) == LedgerReport.LostSession())
        #expect(desk.lost(someone) == nil)
        second.close()
    }

    @Test func whatFindsNoRoomIsSaidOnce() throws {
        let desk = try LedgerDesk()
        var complaints: [String] = []
        desk.ledger.onFull = { complaints.append($0) }
        let books = try #require(desk.session(someone))
        for id in 0..<LedgerLayout.Request.count + 5 { books.opened(RawToken("\(id)")) }
        #expect(complaints.count == 1)
        #expect(desk.lost(someone)?.requests.count == LedgerLayout.Request.count)
        books.opened(RawToken("\"\(String(repeating: "x", count: 200))\""))
        books.dropped(RawToken("3"))
        books.opened(RawToken("\"again\""))
        #expect(desk.lost(someone)?.texts.contains("\"again\"") == true)
    }

    /// Whatever a store that did not happen, or a foreign file, leaves: it is read without a trap.
    @Test(arguments: 0..<50)
    func anyBytesAreRead(seed: Int) throws {
        let desk = try LedgerDesk()
        let books = try #require(desk.session(someone))
        for id in 0..<20 { books.opened(RawToken("\(id)")) }
        var bytes = desk.bytes
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let place = Int.random(in: 8..<LedgerLayout.size, using: &generator)
            bytes[place] = UInt8.random(in: 0...255, using: &generator)
        }
        for place in 8..<24 { bytes[place] = UInt8.random(in: 0...255, using: &generator) }
        #expect(LedgerReport(bytes) != nil)
        bytes[3] ^= 1
        #expect(LedgerReport(bytes) == nil)
        #expect(LedgerReport(Array(bytes.dropLast())) == nil)
    }

    @Test func anIdentityComesBackFromWhatTheShimKeeps() {
        let identity = Identity(high: .max, low: 5)
        let resume = SessionResume(SessionResume(identity: identity, machine: Array("{\"v\":1}".utf8)).text)
        #expect(resume?.identity == identity)
        #expect(resume?.machine == Array("{\"v\":1}".utf8))
        #expect(SessionResume("{\"v\":1}") == nil)
        #expect(SessionResume("") == nil)
        #expect(SessionResume("ü" + identity.description) == nil)
    }
}
