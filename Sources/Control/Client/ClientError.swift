// SPDX-License-Identifier: Apache-2.0

/// Why a call has no answer.
public enum ClientError: Error, Sendable, Equatable {
    /// The supervisor answered, with a refusal.
    case refused(ControlError)
    /// Nobody listens on the socket.
    case noSupervisor(socket: String, reason: String)
    /// Somebody listens and does not answer.
    case timedOut(socket: String, method: String, seconds: Int)
    /// The connection ended before the answer.
    case lost(socket: String, method: String)
    /// What came is not an answer.
    case broken(socket: String, method: String, reason: String)
    /// The call itself has no wire form.
    case unsendable(method: String, reason: String)
}

extension ClientError {
    /// The exit status of a program that ends for this: 3 for something that is not there, 69 (`EX_UNAVAILABLE`)
    /// without a supervisor, else 1.
    public var exitStatus: Int32 {
        switch self {
        case .refused(.noSuchBackend), .refused(.noSuchSession), .refused(.noSuchServer): 3
        case .refused, .unsendable: 1
        case .noSupervisor, .timedOut, .lost, .broken: 69
        }
    }
}

extension ClientError: CustomStringConvertible {
    /// One line: what failed, on what, why, and what to do.
    public var description: String {
        switch self {
        case .refused(let error):
            "\(error)"
        case .noSupervisor(let socket, let reason):
            "cannot reach the supervisor on \(socket): \(reason); start one with "
                + "'systemctl --user start mcp-supervisor.socket' or 'mcp-supervisor --foreground'"
        case .timedOut(let socket, let method, let seconds):
            "no answer to \(Self.short(method)): the supervisor on \(socket) was silent for \(seconds) s; "
                + "wait longer with --timeout, or look at 'journalctl --user -u mcp-supervisor'"
        case .lost(let socket, let method):
            "no answer to \(Self.short(method)): the supervisor on \(socket) ended before it gave one; try again"
        case .broken(let socket, let method, let reason):
            "no answer to \(Self.short(method)): what listens on \(socket) is no supervisor of this version: "
                + "\(reason); restart it, or set MCP_SUPERVISOR_SOCKET"
        case .unsendable(let method, let reason):
            "cannot call \(Self.short(method)): \(reason)"
        }
    }

    private static func short(_ method: String) -> Substring { method.split(separator: ".").last ?? "" }
}
