// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import ToolSearch

/// The meta-tools of a session: a machine between its client and the multiplexer, which neither knows of.
extension Session {
    /// Whether it sees the meta-tools instead of the backend's own.
    var hasMetaTools: Bool { metaTools?.isOn == true }

    /// The client's handshake, which the lobby has answered: here it only tells who the client is.
    func learnClient(_ line: Span<UInt8>) {
        if let view = metaToolView {
            _ = metaTools?.receive(line, view)
            settleMetaTools()
        }
        backend?.withMultiplexer { machine, now, actions in
            machine.learn(handshake: line, of: id, now: now, into: &actions)
        }
    }

    /// Whether a request is our own, of which the client knows nothing.
    func isOfMetaTools(_ id: RawToken) -> Bool { metaTools?.isOwn(id) == true }

    /// Whether its answer is kept back until those to the rest of its batch are there: then it is settled.
    func isKept(_ id: RawToken) -> Bool { metaTools?.keepsAnswer(to: id) == true }

    /// A line of the client.
    func receiveWithMetaTools(_ line: Span<UInt8>) {
        guard let view = metaToolView else { return }
        if entrance?.multiplexer.refuses(line, from: id) == true {
            entrance?.receive(line, from: id)
            return settleMetaTools()
        }
        switch metaTools?.receive(line, view) {
        case .replaced(let steps)?: perform(steps)
        case .pass?, nil: entrance?.receive(line, from: id)
        }
        settleMetaTools()
    }

    /// A line for the client, newline included.
    func sendWithMetaTools(_ bytes: ArraySlice<UInt8>) {
        guard let view = metaToolView else { return deliver(bytes) }
        let line = bytes.dropLast()
        switch metaTools?.receiveFromServer(line.span, view) {
        case .replaced(let steps)?: perform(steps)
        case .pass?, nil: deliver(bytes)
        }
        settleMetaTools()
    }

    /// The session sees the backend's own tools, and to the end: nothing is left to look at.
    private func settleMetaTools() {
        guard let tools = metaTools, tools.isOn != lastJudgement else { return }
        lastJudgement = tools.isOn
        if tools.isOn == false { metaTools = nil }
        machineChanged()
    }

    private var metaToolView: MetaToolView? {
        guard let backend else { return nil }
        var view = backend.metaToolView(of: self)
        view.takesBatches = backend.multiplexer.protocolVersion(of: id) == "2025-03-26"
        if view.takesBatches { view.lineLimit = backend.multiplexer.lineLimit(of: id) }
        return view
    }

    private func perform(_ steps: [MetaToolStep]) {
        for step in steps {
            switch step {
            case .toClient(let line): deliver(line[...])
            case .toServer(let line): entrance?.receive(line.span.extracting(0..<line.count - 1), from: id)
            case .search(let ticket, let query, let limit): search(ticket, query, limit)
            case .learned(let list): learned(list)
            case .listChanged: listChanged()
            case .owed(let id): opened(id)
            case .settled(let id, let isAnswered): isAnswered ? answered(id) : dropped(id)
            }
        }
    }

    /// The list that it searches: its own, or the one that everybody is told.
    fileprivate var learnedTools: LearnedTools? { ownTools ?? backend?.tools.shared }

    private func search(_ ticket: UInt64, _ query: String, _ limit: Int) {
        guard let list = learnedTools?.list else { return }
        list.rank(query, limit: limit) { [weak self] ranking in
            guard let self, let view = metaToolView else { return }
            // Its places are those of the list that was ranked, and the session may have learned another one meanwhile.
            guard learnedTools?.list === list else { return search(ticket, query, limit) }
            perform(metaTools?.found(ranking, ticket: ticket, view) ?? [])
        }
    }

    /// The session has another backend, with a list of its own.
    func searchAnew() {
        ownTools = nil
        guard let view = metaToolView else { return }
        perform(metaTools?.backendChanged(view) ?? [])
    }

    /// Searches under way are answered by words alone: a successor could not go on with them.
    func finishSearches() {
        for search in metaTools?.openSearches ?? [] {
            guard let ranking = learnedTools?.list.rankByWords(search.query, limit: search.limit),
                let view = metaToolView
            else { continue }
            perform(metaTools?.found(ranking, ticket: search.ticket, view) ?? [])
        }
    }

    private func learned(_ list: [[UInt8]]) {
        guard let backend else { return }
        let before = learnedTools?.list
        let kept = backend.keptTools(for: self)
        let isForAll = kept?.isForAll ?? (backend.multiplexer.era == .legacy)
        let learned = backend.tools.learn(list, kept: kept, besides: isForAll ? nil : backend.ownTools)
        ownTools = isForAll ? nil : learned
        if learned.list !== before { backend.comparePins(list.compactMap { try? JSONValue(parsing: $0) }) }
        guard let view = metaToolView else { return }
        perform(metaTools?.catalogChanged(view) ?? [])
        if hasMetaTools { learnedTools?.list.prepare() }
    }

    /// What changed is looked at before anybody searches: its vectors take longer than an agent waits. One session does
    /// it for all that are told the same.
    private func listChanged() {
        guard let backend else { return }
        backend.tools.mayHaveChanged()
        guard hasMetaTools, backend.multiplexer.isReady,
            ownTools.map(\.list.isPrepared) ?? backend.tools.takeRefresh(), let view = metaToolView
        else { return }
        perform(metaTools?.refresh(view) ?? [])
    }
}

extension Backend {
    func metaToolView(of session: Session) -> MetaToolView {
        let learned = session.learnedTools
        return MetaToolView(
            server: key.server, catalog: learned?.list.catalog,
            isFresh: learned?.isFresh(keptTools(for: session)) == true,
            instructions: tools.instructions(multiplexer.snapshot), unavailable: unavailability)
    }

    func keptTools(for session: Session) -> KeptTools? {
        multiplexer.keptTools(for: session.id, now: registry.now)
    }

    /// What sessions were told that is not everybody's.
    var ownTools: [LearnedTools] { sessions.values.compactMap(\.ownTools) }

    /// Why it cannot be called for now.
    private var unavailability: String? {
        guard case .failed = lifecycle.phase else { return nil }
        return "backend \(id) \(lastFailure ?? "does not start"); see mcpctl status \(id)"
    }
}

extension MetaToolOptions {
    /// What the shim asks for goes before what the configuration says of the server.
    init(asked: MetaToolMode?, _ configuration: EffectiveConfiguration) {
        self.init()
        mode = asked ?? configuration.server.metaTools ?? .off
        isSplit = configuration.server.metaSplit
        pins = configuration.server.metaPins
        deferringClients += configuration.deferringClients
    }
}

/// The session's judgement outlives the supervisor: what the client was shown must stay true.
extension Session {
    private static let seesMetaTools = Array("meta=on;".utf8)
    private static let seesTools = Array("meta=off;".utf8)

    /// - Parameter resume: what the shim kept of the session's former life.
    /// - Returns: the multiplexer's part of it.
    func setUpMetaTools(_ backend: Backend, _ resume: [UInt8]?) -> [UInt8]? {
        var options = MetaToolOptions(asked: facts.metaTools, backend.configuration)
        var rest = resume
        if let resume, resume.starts(with: Self.seesMetaTools) {
            options.mode = .on
            rest = Array(resume.dropFirst(Self.seesMetaTools.count))
        } else if let resume, resume.starts(with: Self.seesTools) {
            options.mode = .off
            rest = Array(resume.dropFirst(Self.seesTools.count))
        }
        lastJudgement = options.mode == .auto ? nil : options.mode == .on
        if options.mode != .off { metaTools = MetaToolSession(options: options, isResumed: resume != nil) }
        return rest
    }

    func metaToolResume(_ value: [UInt8]) -> [UInt8] {
        switch lastJudgement {
        case true?: Self.seesMetaTools + value
        case false? where facts.metaTools != nil: Self.seesTools + value
        default: value
        }
    }
}
