// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What is kept of a conversation that passes as it is: a backend of one session (`share = "session"`).
///
/// Nothing is rewritten, so nothing has to be faked: the server meets its own client, with its capabilities, in whatever
/// era the two speak. Kept is what a new process must be told after a crash, and whom questions are from.
struct Relay: Sendable, Codable {
    /// Ids of our own requests begin so, as strings: a client's cannot be the same by accident.
    static let idPrefix = "mcp-supervisor-"

    /// Subscriptions that are kept for the next process.
    static let mostSubscriptions = 10_000

    /// A request of ours at the backend.
    enum Question: Sendable, Codable {
        /// The client's handshake, said again to a new process.
        case handshake
        /// Nobody waits for the answer.
        case told
        case local(UInt64)
    }

    /// The client's `initialize`, as it came; empty before it, and for a client without a handshake.
    var handshake: [UInt8] = []
    /// The id that it waits for, until it is answered.
    var handshakeID: RawToken?
    /// The backend has answered it: a new process is told the same before anything else.
    var isAnswered = false
    /// The client has said so.
    var isInitialized = false
    /// The last `logging/setLevel` that came, its parameters raw.
    var level: [UInt8] = []
    /// Subscribed resources: their URIs as the client wrote them.
    var subscriptions: Set<RawToken> = []
    /// Those that came when there were as many as are kept.
    var unkeptSubscriptions = 0
    /// Questions of the backend that the client has not answered.
    var asked: Set<RawToken> = []
    /// Questions of a process that is gone: the client's answers to them are nobody's.
    var orphaned: Set<RawToken> = []
    /// Requests that the client was told are lost: late answers to them are nobody's.
    var lost: Set<RawToken> = []
    /// Questions whose id the client still knows from a process that is gone: by the id that it got from us instead.
    var renamed: [String: RawToken] = [:]
    var tasks = RelayTasks()
    var questions: [String: Question] = [:]
    var lastQuestion = 0
    /// Whether the running process has said anything; then its start counts as done.
    var hasSpoken = false

    var localCount: Int { questions.values.count { if case .local = $0 { true } else { false } } }

    mutating func makeID(_ question: Question) -> String {
        let id = makeID()
        questions[id] = question
        return id
    }

    private mutating func makeID() -> String {
        lastQuestion += 1
        return Relay.idPrefix + String(lastQuestion)
    }

    /// Another id for a question that the client would take for an older one; nil when it would not.
    mutating func rename(_ id: RawToken) -> RawToken? {
        guard orphaned.contains(id) else { return nil }
        let name = makeID()
        renamed[name] = id
        return RawToken("\"\(name)\"")
    }

    /// What the client calls the process's question.
    func name(of id: RawToken) -> RawToken? {
        renamed.first { $0.value == id }.map { RawToken("\"\($0.key)\"") }
    }
}
