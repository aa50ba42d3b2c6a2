// SPDX-License-Identifier: Apache-2.0

/// Why one attempt to attach came to nothing.
enum AttachError: Error {
    /// The supervisor is going; its successor will take us.
    case draining
    /// The connection broke before an answer.
    case lost
    /// Nobody listens, and no supervisor could be started.
    case unreachable(String)
    /// The supervisor, or what stands in its place, does not want the session.
    case refused(String)

    var reason: String {
        switch self {
        case .draining: "mcp-supervisor is going away and no other has come"
        case .lost: "mcp-supervisor went away before it answered"
        case .unreachable(let reason), .refused(let reason): reason
        }
    }

    /// Before the session began only a supervisor that asks for it is waited for: the command can still be run without.
    var isWorthWaiting: Bool {
        if case .draining = self { true } else { false }
    }

    /// Once it has begun there is no other way than to get it back.
    var isFinal: Bool {
        if case .refused = self { true } else { false }
    }
}
