// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import ToolSearch

/// What was counted for sessions and backends that are gone, by server.
struct Statistics {
    struct Server {
        var metaTools = MetaToolTally()
        var calls = CallCounters()
    }

    let since = Clock.wallSeconds()
    private(set) var servers: [String: Server] = [:]

    /// A session that ends.
    mutating func add(_ session: Session) {
        guard let tally = session.metaTools?.tally else { return }
        servers[session.facts.server, default: Server()].metaTools.add(tally)
    }

    mutating func add(_ calls: CallCounters, of server: String) {
        guard !calls.tools.isEmpty else { return }
        servers[server, default: Server()].calls.add(calls)
    }
}

extension Registry {
    /// What was counted, of what is gone and of what is there.
    var stats: [ServerStats] {
        var all = statistics.servers
        for backend in backends.values {
            all[backend.key.server, default: .init()].calls.add(backend.multiplexer.calls)
        }
        for session in sessions.values {
            guard let tally = session.metaTools?.tally else { continue }
            all[session.facts.server, default: .init()].metaTools.add(tally)
        }
        return all.sorted { $0.key < $1.key }.map { name, server in stats(name, server) }
    }

    private func stats(_ name: String, _ server: Statistics.Server) -> ServerStats {
        let own = backends.values.filter { $0.key.server == name }.sorted { $0.id < $1.id }
        let tools = server.calls.tools.filter { $0.calls > 0 }.sorted { ($1.calls, $0.name) < ($0.calls, $1.name) }
        return ServerStats(
            server: name, backends: own.count, sessions: own.reduce(0) { $0 + $1.sessions.count },
            tokens: own.lazy.compactMap(\.tokenCounts).first, metaTools: MetaToolStats(server.metaTools),
            tools: tools.map(ToolStats.init))
    }
}

extension Backend {
    /// What its tools cost a conversation, as far as they were ever listed.
    var tokenCounts: TokenCounts? {
        let learned = tools.shared ?? ownTools.first
        let catalog = learned?.list.catalog ?? ToolCatalog(server: key.server, result: multiplexer.toolsResult)
        return catalog.map(tokenCounts)
    }

    func tokenCounts(of catalog: ToolCatalog) -> TokenCounts {
        let options = MetaToolOptions(asked: .auto, configuration)
        let size = SizeJudgement(catalog, tools.instructions(multiplexer.snapshot), options)
        return TokenCounts(
            tools: catalog.entries.count, definitions: size.definitions, instructions: size.instructions,
            withMetaTools: size.given, isWorthIt: size.isWorthIt)
    }
}

extension MetaToolStats {
    fileprivate init(_ tally: MetaToolTally) {
        self.init()
        sessions = tally.sessions
        searches = tally.searches
        zeroHits = tally.zeroHits
        descriptions = tally.descriptions
        calls = tally.calls
        directCalls = tally.directCalls
        wrongNames = tally.wrongNames
        wrongDescriptions = tally.wrongDescriptions
        refusals = tally.refusals
        repairedArguments = tally.repairedArguments
        schemasAppended = tally.schemasAppended
        answerTokens = tally.answerTokens
        structuredTokens = tally.structuredTokens
        givenTokens = tally.givenTokens
        plainTokens = tally.plainTokens
    }
}

extension ToolStats {
    fileprivate init(_ tool: CallCounters.Tool) {
        self.init(
            name: tool.name, calls: tool.calls, errors: tool.errors, totalMilliseconds: tool.totalMilliseconds,
            p50Milliseconds: tool.quantile(percent: 50), p99Milliseconds: tool.quantile(percent: 99))
    }
}
