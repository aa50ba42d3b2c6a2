// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

@Suite struct ListTests {
    private func list(_ id: Int, _ method: String = "tools/list", cursor: String? = nil) -> String {
        let params = cursor.map { #","params":{"cursor":\#($0)}"# } ?? ""
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(params)}"#
    }

    private func result(_ id: Int64, _ result: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#
    }

    @Test func oneFetchAnswersEverybodyNowAndLater() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, list(1))
        bench.client(2, #"{"jsonrpc":"2.0","id":"b","method":"tools/list","params":{"_meta":{"progressToken":1}}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#])
        bench.backend(result(2, #"{"tools":[ {"name":"a"}]}"#))
        #expect(bench.take(1) == [result(1, #"{"tools":[ {"name":"a"}]}"#)])
        #expect(bench.take(2) == [#"{"jsonrpc":"2.0","id":"b","result":{"tools":[ {"name":"a"}]}}"#])
        #expect(bench.takeOrders().contains(.snapshotChanged))
        bench.client(2, list(3))
        #expect(bench.take(2).count == 1)
        #expect(bench.takeBackend().isEmpty)
        #expect(bench.mux.toolsResult.map { String(decoding: $0, as: UTF8.self) } == #"{"tools":[ {"name":"a"}]}"#)
    }

    @Test func cursorsAreOpaqueAndFetchedApart() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, list(1, cursor: #""p\/2""#))
        bench.client(1, list(2))
        #expect(
            bench.takeBackend() == [
                #"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"p\/2"}}"#,
                #"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#,
            ])
    }

    @Test func listWithUnknownParametersIsForwardedAsItIs() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"filter":"x"}}"#)
        #expect(bench.takeBackend() == [#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"filter":"x"}}"#])
    }

    /// What is shared beside the lists is as old as they are.
    @Test func whatIsKeptIsNamedByTheRequestThatBroughtIt() {
        let call = #"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"a"}}"#
        var bench = Bench()
        bench.open(1)
        bench.open(2)
        bench.client(1, Bench.initialize())
        bench.runBackend(
            result: #"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"f"}}"#)
        bench.client(2, Bench.initialize())
        #expect(bench.mux.keptTools(for: 1, now: bench.now) == nil)
        bench.client(1, list(1))
        bench.backend(result(2, #"{"tools":[{"name":"a"}]}"#))
        #expect(bench.mux.keptTools(for: 1, now: bench.now)?.request == 2)
        #expect(bench.mux.keptTools(for: 2, now: bench.now)?.request == 2)
        // The server announces no change: an answered call may have made one, as far as its session can know.
        bench.client(1, call)
        bench.backend(result(3, "{}"))
        #expect(bench.mux.keptTools(for: 1, now: bench.now) == nil)
        #expect(bench.mux.keptTools(for: 2, now: bench.now)?.request == 2)
        #expect(bench.mux.keptTools(for: 2, now: bench.now + 30_001) == nil)
        bench.client(1, list(4))
        bench.backend(result(4, #"{"tools":[{"name":"b"}]}"#))
        #expect(bench.mux.keptTools(for: 1, now: bench.now)?.request == 4)
    }

    @Test func aListThatWasOvertakenIsNotKept() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, list(1))
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        bench.backend(result(2, "{}"))
        #expect(bench.take(1).count == 1)
        #expect(bench.mux.keptTools(for: 1, now: bench.now) == nil)
    }

    @Test func changeInvalidatesAtOnceAndIsAnnouncedOnce() {
        let changed = #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
        var bench = Bench()
        bench.connect(1, 2)
        bench.open(3)
        bench.client(1, list(1))
        bench.backend(result(2, "{}"))
        _ = bench.take(1)
        _ = bench.takeOrders()
        for _ in 0..<3 { bench.backend(changed) }
        #expect(bench.takeOrders().filter { $0 == .arm(.listChanged, milliseconds: 200) }.count == 1)
        bench.client(1, list(2))
        #expect(bench.takeBackend().count == 2)
        bench.fire(.listChanged)
        #expect(bench.take(1) == [changed])
        #expect(bench.take(2) == [changed])
        #expect(bench.take(3).isEmpty)
    }

    @Test func answerThatAChangeOvertookIsNotKept() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, list(1))
        bench.backend(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        bench.client(2, list(1))
        bench.backend(result(3, #"{"new":1}"#))
        bench.backend(result(2, #"{"old":1}"#))
        #expect(bench.take(1) == [result(1, #"{"old":1}"#)])
        #expect(bench.take(2) == [result(1, #"{"new":1}"#)])
        bench.client(1, list(2))
        #expect(bench.take(1) == [result(2, #"{"new":1}"#)])
    }

    @Test func listOfABackendThatAnnouncesNothingIsBelievedForAWhile() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, list(1))
        bench.backend(result(2, "{}"))
        bench.now += 29_999
        bench.client(1, list(2))
        #expect(bench.takeBackend().count == 1)
        bench.now += 1
        bench.client(1, list(3))
        #expect(bench.takeBackend().count == 1)
    }

    @Test func oneWhoseCallMayHaveChangedTheListAsksAnew() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, list(1))
        bench.backend(result(2, #"{"old":1}"#))
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t"}}"#)
        bench.client(2, list(1))
        _ = (bench.take(1), bench.takeBackend())
        #expect(bench.take(2) == [result(1, #"{"old":1}"#)])  // Did nothing that it would know of.
        bench.backend(result(3, "{}"))
        bench.client(1, list(3))
        bench.backend(result(4, #"{"new":1}"#))
        #expect(bench.take(1) == [result(2, "{}"), result(3, #"{"new":1}"#)])
        bench.client(1, list(4))
        #expect(bench.take(1) == [result(4, #"{"new":1}"#)] && bench.takeBackend().count == 1)
    }

    @Test func aFetchThatBeganBeforeTheCallWasAnsweredIsTooOldForItsCaller() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        bench.client(2, list(1))
        bench.backend(result(2, "{}"))
        bench.client(1, list(2))
        bench.backend(result(4, #"{"new":1}"#))
        bench.backend(result(3, #"{"old":1}"#))
        #expect(bench.take(1).last == result(2, #"{"new":1}"#) && bench.take(2) == [result(1, #"{"old":1}"#)])
        bench.client(1, list(3))
        #expect(bench.take(1) == [result(3, #"{"new":1}"#)])
    }

    @Test func oneClientsCancelLeavesTheOthersWaiting() {
        var bench = Bench()
        bench.connect(1, 2)
        bench.client(1, list(1))
        bench.client(2, list(1))
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        #expect(bench.takeBackend().count == 1)
        bench.backend(result(2, "{}"))
        #expect(bench.take(1).isEmpty)
        #expect(bench.take(2).count == 1)
    }

    @Test func errorGoesToAllWhoWaitAndIsNotKept() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, list(1))
        bench.backend(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}"#)
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#])
        bench.client(1, list(2))
        #expect(bench.takeBackend().count == 2)
    }

    @Test func silentListIsGivenUp() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, list(1))
        bench.fire(.lists, after: 60_000)
        #expect(bench.take(1).first?.contains("did not answer tools/list within 60 s") == true)
        bench.backend(result(2, "{}"))
        #expect(bench.take(1).isEmpty)
    }

    /// What an earlier process said is not believed for ever because this one is slow, or says what cannot be used.
    @Test(arguments: [true, false])
    func anOldListIsForgottenWhenTheNewOneCannotBeHad(isLate: Bool) {
        var snapshot = Snapshot(initializeResult: Array(Bench.initializeResult.utf8))
        snapshot.lists["tools/list"] = Array(#"{"tools":[]}"#.utf8)
        var bench = Bench(snapshot: snapshot)
        bench.connect(1)
        if isLate {
            bench.fire(.lists, after: 60_000)
        } else {
            bench.perform { mux, now, actions in
                let prefix = Array(#"{"jsonrpc":"2.0","id":2,"result":{"tools":["#.utf8)
                mux.receiveOversizeFromBackend(prefix: prefix.span, length: 70 << 20, now: now, into: &actions)
            }
        }
        #expect(bench.takeOrders().contains(.arm(.listChanged, milliseconds: 200)))
        bench.client(1, list(1))
        #expect(bench.take(1).isEmpty && bench.backendID("tools/list") != nil)
    }

    @Test func deniedToolsAreHiddenAndNothingElseChanges() {
        var bench = Bench { $0.denyTools = ["rm"] }
        bench.connect(1)
        bench.client(1, list(1))
        bench.backend(
            result(
                2, #"{"a":1.0,"tools":[{"name":"rm"}, {"x":[1.0],"name":"ls"},{"name":"r\u006d"}],"nextCursor":"c"}"#))
        #expect(bench.take(1) == [result(1, #"{"a":1.0,"tools":[{"x":[1.0],"name":"ls"}],"nextCursor":"c"}"#)])
    }

    @Test func nextProcessIsAskedAgainAndSessionsHearOfADifference() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, list(1))
        bench.backend(result(2, #"{"v":1}"#))
        bench.endBackend()
        _ = bench.takeOrders()
        _ = bench.take(1)
        bench.client(1, list(2))
        #expect(bench.take(1) == [result(2, #"{"v":1}"#)])
        #expect(bench.takeOrders().isEmpty)
        bench.runBackend()
        let id = bench.backendID("tools/list") ?? 0
        bench.backend(result(id, #"{"v":2}"#))
        let orders = bench.takeOrders()
        #expect(orders.contains(.snapshotChanged))
        #expect(orders.contains(.arm(.listChanged, milliseconds: 200)))
        bench.client(1, list(3))
        #expect(bench.take(1) == [result(3, #"{"v":2}"#)])
    }

    @Test func snapshotAnswersListsWithoutABackend() {
        var snapshot = Snapshot(initializeResult: Array(Bench.initializeResult.utf8))
        snapshot.lists["tools/list"] = Array(#"{"tools":[]}"#.utf8)
        #expect(Snapshot(json: snapshot.json) == snapshot)
        var bench = Bench(snapshot: snapshot)
        bench.open(1)
        bench.client(1, Bench.initialize())
        bench.client(1, list(1))
        #expect(bench.take(1).last == result(1, #"{"tools":[]}"#))
        #expect(bench.takeOrders() == [.sessionChanged(1)])
        bench.client(1, list(2, "prompts/list"))
        #expect(bench.takeOrders() == [.startBackend])
    }

    @Test(arguments: [false, true])
    func deniedToolsAreNotShownToWhoAsksInUnknownWords(isModern: Bool) {
        var bench = Bench { $0.denyTools = ["b"] }
        if isModern { bench.connectModern(1) } else { bench.connect(1) }
        let own = #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"filter":"x"}}"#
        bench.client(1, isModern ? Modern.request("1", "tools/list", #","filter":"x""#) : own)
        let id = bench.backendID("tools/list") ?? 0
        bench.backend(result(id, #"{"x":1.0,"tools":[{"name":"a"}, {"name":"b"}]}"#))
        let answer = bench.take(1).first ?? ""
        #expect(answer.contains(#""x":1.0,"tools":[{"name":"a"}]"#) && answer.contains("resultType") == isModern)
    }

    @Test func deniedToolsOfTodayHoldForListsOfYesterday() throws {
        var first = Bench { $0.denyTools = ["b"] }
        first.connect(1)
        first.client(1, list(1))
        first.backend(result(first.backendID("tools/list") ?? 0, #"{"tools":[{"name":"a"},{"name":"b"}]}"#))
        var configuration = MultiplexerConfiguration()
        configuration.denyTools = ["a"]
        var bench = Bench()
        bench.mux = try Multiplexer(restoring: first.mux.encoded(), configuration: configuration)
        bench.perform { $0.resume(now: $1, into: &$2) }
        #expect(bench.takeOrders() == [.arm(.listChanged, milliseconds: 200)])
        bench.fire(.listChanged)
        #expect(bench.take(1).first?.contains("notifications/tools/list_changed") == true)
        bench.client(1, list(2))
        #expect(bench.take(1) == [result(2, #"{"tools":[{"name":"b"}]}"#)])
        bench.perform { $0.resume(now: $1, into: &$2) }
        #expect(bench.takeOrders().isEmpty)
    }

    @Test func pagesAreKeptInSoManyOnly() {
        var cache = ListCache()
        let page = ListCache.Page(raw: [1], visible: [1], storedAt: 0, isVerified: true)
        let long = [UInt8](repeating: 1, count: 1 << 20)
        let longPage = ListCache.Page(raw: long, visible: long, storedAt: 0, isVerified: true)
        cache.store(page, at: ListKey(method: .toolsList, cursor: nil))
        for cursor in 0..<1000 {
            cache.store(page, at: ListKey(method: .toolsList, cursor: RawToken("\(cursor)")))
            #expect(cache.pages.count <= 257)
        }
        for cursor in 0..<100 {
            cache.store(longPage, at: ListKey(method: .promptsList, cursor: RawToken("\(cursor)")))
            #expect(cache.pages.values.reduce(0) { $0 + $1.raw.count } <= 33 << 20)
        }
        #expect(cache.pages[ListKey(method: .toolsList, cursor: nil)] != nil)
    }

    @Test func soManyListsAreFetchedForAllAndTheOthersAreRequestsLikeAny() {
        var bench = Bench { $0.maximumInFlightPerSession = 8 }
        bench.connect(1)
        for page in 1...100 { bench.client(1, list(page, cursor: "\(page)")) }
        #expect(bench.takeBackend().count == 72)
    }
}
