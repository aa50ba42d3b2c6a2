// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire

/// One value of each type, with and without its optional members.
enum Samples {
    static let limits = Limits(memoryHigh: nil, memoryMax: 1 << 30, memorySwapMax: 0, tasksMax: -1, cpuWeight: 100)

    static let backend = BackendStatus(
        id: "serena-library-1f3a", server: "serena", repo: "/home/u/library", share: .repo, state: .failed,
        unit: "app-mcp-serena.library_1f3a90c2-k7.scope", pid: 7, generation: 2, era: .legacy, sessions: 3, holds: 1,
        inFlight: 4, restarts: 5, memory: BackendMemory(currentBytes: 1, peakBytes: 2, pssBytes: 3), limits: limits,
        startedAt: "2026-11-22T12:00:00Z", idleSince: "2026-11-22T12:00:00Z",
        lastExit: BackendExit(
            reason: .oom, status: 9, at: "2026-11-22T12:00:00Z", stderrTail: ["last words"],
            shortage: .own, limitBytes: 1 << 30, peakBytes: 1 << 30),
        hibernation: HibernationStatus(since: "2026-11-22T12:00:00Z", reclaimedBytes: 1, note: "no swap"),
        changedTools: ["read"], cpuSeconds: 1.25, calls: 7)

    static let emptyBackend = BackendStatus(
        id: "x", server: "x", repo: "/", share: .session, state: .stopped, unit: nil, pid: nil, generation: 0,
        era: .modern, sessions: 0, holds: 0, inFlight: 0, restarts: 0, memory: BackendMemory(), limits: Limits(),
        startedAt: nil, idleSince: nil, lastExit: nil)

    static let session = SessionStatus(
        id: "s7", pid: 1, client: ClientInfo(name: "claude-code", version: "2.1"), protocol: "2025-11-25",
        cwd: "/home/u/library", repo: "/home/u/library", server: "serena", backend: "serena-library-1f3a", inFlight: 0,
        metaTools: true, attachedAt: "2026-11-22T12:00:00Z")

    static let supervisor = SupervisorStatus(
        version: "0.1.0", pid: 1, uptimeSeconds: 1.5, launcher: .systemd, memory: .init(pssBytes: nil), cgroup: "v2",
        limits: limits, limitsEnforced: true, draining: false,
        search: SearchStatus(stage: .engine, engine: "/e", problem: nil), warnings: ["w"])

    static let status = StatusReply(
        supervisor: supervisor, backends: [backend, emptyBackend], sessions: [session],
        savings: Savings(unsharedBytes: 2, sharedBytes: 1, method: "m"))

    static let result = ResultReply(result: JSONDocument(["content": [], "n": .number("1.50")]))

    static let tokens = TokenCounts(tools: 3, definitions: 400, instructions: 20, withMetaTools: 230, isWorthIt: false)

    static let stats = StatsReply(
        since: "2026-11-22T12:00:00Z", tokenMethod: "m",
        servers: [
            ServerStats(
                server: "serena", backends: 1, sessions: 2, tokens: tokens, metaTools: MetaToolStats(),
                tools: [
                    ToolStats(
                        name: "t", calls: 2, errors: 1, totalMilliseconds: 7, p50Milliseconds: 5, p99Milliseconds: nil)
                ]),
            ServerStats(
                server: "x", backends: 0, sessions: 0, tokens: nil, metaTools: MetaToolStats(), tools: []),
        ])

    static let why = WhyReply(
        session: "s1", key: ["server": "serena", "repo": "/r"], variables: ["A"], ignored: ["TERM"], other: "s2",
        same: false, differs: ["A"])

    static let attach = AttachParameters(
        argv: ["serena", "start"], environment: ["A=b"], rawEnvironment: ["413dff"], pid: 7, name: "serena", repo: "/r",
        share: "repo", metaTools: "auto", umask: 0o22, resume: "opaque")

    static let request = RequestParameters(
        argv: nil, environment: [], rawEnvironment: nil, name: "serena", repo: "/r", share: "user", holdSeconds: 1.5,
        umask: 0o027, cwd: "/r/below")

    /// Every method with its parameters and its reply.
    static let exchanges: [any Exchange] = [
        Sample(attach, .attached(session: "s7", resume: "r")),
        Sample(request, BackendReply(backend: backend)),
        Sample(ReleaseParameters(backend: "x", now: true), BackendReply(backend: emptyBackend)),
        Sample(StatusParameters(backend: nil), status),
        Sample(StopParameters(backend: "x"), BackendReply(backend: backend)),
        Sample(RestartParameters(backend: "x"), BackendReply(backend: backend)),
        Sample(HibernateParameters(backend: "x"), BackendReply(backend: backend)),
        Sample(WakeParameters(backend: "x"), BackendReply(backend: backend)),
        Sample(TrustParameters(backend: "x"), BackendReply(backend: backend)),
        Sample(
            SetLimitsParameters(backend: nil, server: "serena", total: nil, set: limits, persist: true),
            SetLimitsReply(limits: limits, unit: nil, persisted: "/c.toml")),
        Sample(LogsParameters(backend: "x"), LogsReply(identifier: "mcp-x", unit: "u", file: nil, journal: true)),
        Sample(WhyParameters(session: "s1", other: "s2"), why),
        Sample(ToolsParameters(backend: "x", query: "q"), ToolsReply(result: result.result, tokens: tokens)),
        Sample(CallParameters(backend: "x", tool: "t", arguments: JSONDocument(["a": 1])), result),
        Sample(StatsParameters(), stats),
        Sample(ReloadParameters(), ReloadReply(files: ["/c.toml"])),
        Sample(DrainParameters(), EmptyReply()),
        Sample(SubscribeParameters(), Event(at: "2026-11-22T12:00:00Z", kind: "started", backend: "x", text: "up")),
    ]
}

/// A method's sample, whatever its types are.
protocol Exchange: Sendable {
    var method: ControlMethod { get }
    func encodedParameters() throws -> JSONValue
    func encodedReply() throws -> JSONValue
    /// Whether both come back equal from their wire form.
    func survivesTheWire() throws -> Bool
}

struct Sample<Parameters: MethodParameters>: Exchange {
    let parameters: Parameters
    let reply: Parameters.Reply

    init(_ parameters: Parameters, _ reply: Parameters.Reply) {
        self.parameters = parameters
        self.reply = reply
    }

    var method: ControlMethod { Parameters.method }
    func encodedParameters() throws -> JSONValue { try JSONCoding.encode(parameters) }
    func encodedReply() throws -> JSONValue { try JSONCoding.encode(reply) }

    func survivesTheWire() throws -> Bool {
        let call = try VarlinkCall(parsing: Array(VarlinkCall(parameters).encoded().dropLast()))
        let answer = try VarlinkReply(parsing: Array(VarlinkReply(reply).encoded().dropLast()))
        return try call.decoded(as: Parameters.self) == parameters
            && JSONCoding.decode(Parameters.Reply.self, from: answer.parameters) == reply
    }
}
