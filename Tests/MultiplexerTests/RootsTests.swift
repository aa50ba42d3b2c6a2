// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// What backends are told of roots (protocol.md §2.7 c).
@Suite struct RootsTests {
    private let hello =
        #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"c","version":"1"}}}"#

    private func bench(_ policy: RootsPolicy, repository: [String] = ["/r"]) -> Bench {
        var bench = Bench {
            $0.roots = policy
            $0.repositoryRoots = repository
        }
        bench.open(1)
        bench.client(1, hello)
        bench.runBackend()
        return bench
    }

    /// The places that the backend is told.
    private func places(_ bench: inout Bench) -> [String] {
        bench.backend(#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#)
        let answer = bench.backendReceived.last.flatMap { try? JSONValue(parsing: $0) }
        return answer?["result"]?["roots"]?.arrayValue?.compactMap { $0["uri"]?.stringValue } ?? []
    }

    /// Says that the session is there, and answers the question that comes for it.
    private func ready(_ bench: inout Bench, _ session: SessionID, _ uris: String...) {
        bench.client(session, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        answer(&bench, session, uris)
    }

    private func answer(_ bench: inout Bench, _ session: SessionID, _ uris: [String]) {
        let question = bench.take(session).last.flatMap { try? JSONValue(parsing: $0) }
        #expect(question?["method"]?.stringValue == "roots/list")
        let roots = uris.map { "{\"uri\":\"\($0)\"}" }.joined(separator: ",")
        let id = question?["id"]?.intValue ?? 0
        bench.client(session, #"{"jsonrpc":"2.0","id":\#(id),"result":{"roots":[\#(roots)]}}"#)
    }

    private func news(_ bench: inout Bench) -> Int {
        bench.takeBackend().count { $0.contains("notifications/roots/list_changed") }
    }

    @Test func theRepositoryIsTheOnlyRootAndNobodyIsAsked() {
        var bench = bench(.repo)
        #expect(bench.backendReceived[0].contains(#""roots":{}"#))
        _ = bench.take(1)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        #expect(bench.take(1) == [])
        #expect(places(&bench) == ["file:///r"])
    }

    @Test func withoutRootsNoneAreDeclaredOrAnswered() {
        var bench = bench(.off)
        #expect(bench.backendReceived[0].contains("roots") == false)
        #expect(places(&bench) == [])
        #expect(bench.backendReceived.last?.contains("-32601") == true)
    }

    @Test func theUnionIsOfTheRepositoryAndAllSessions() {
        var bench = bench(.union)
        #expect(bench.backendReceived[0].contains(#""roots":{"listChanged":true}"#))
        ready(&bench, 1, "file:///a", "file:///r")
        bench.open(2)
        bench.client(2, hello)
        ready(&bench, 2, "file:///b", "file:///a")
        #expect(places(&bench) == ["file:///r", "file:///a", "file:///b"])
        bench.close(1)
        #expect(places(&bench) == ["file:///r", "file:///b", "file:///a"])
    }

    @Test func theBackendHearsOfChangesAndOfNothingElse() {
        var bench = bench(.union)
        _ = bench.takeBackend()
        ready(&bench, 1, "file:///a")
        #expect(news(&bench) == 1)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#)
        answer(&bench, 1, ["file:///a"])
        #expect(news(&bench) == 0)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#)
        answer(&bench, 1, [])
        #expect(news(&bench) == 1)
        bench.close(1)
        #expect(news(&bench) == 0)
    }

    @Test func onlyTheLastAnswerCounts() {
        var bench = bench(.union)
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        let first = bench.take(1).last.flatMap { (try? JSONValue(parsing: $0))?["id"]?.intValue } ?? 0
        bench.client(1, #"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#)
        answer(&bench, 1, ["file:///new"])
        bench.client(1, #"{"jsonrpc":"2.0","id":\#(first),"result":{"roots":[{"uri":"file:///old"}]}}"#)
        #expect(places(&bench) == ["file:///r", "file:///new"])
    }

    @Test func aClientWithoutRootsIsNotAsked() {
        var bench = bench(.union)
        bench.open(2)
        bench.client(2, Bench.initialize())
        _ = bench.take(2)
        bench.client(2, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        #expect(bench.take(2) == [])
    }
}
