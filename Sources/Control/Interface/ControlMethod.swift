// SPDX-License-Identifier: Apache-2.0

/// The methods of the control interface, by the name they have in the `.varlink` text.
public enum ControlMethod: String, Sendable, CaseIterable {
    case attach = "Attach"
    case request = "Request"
    case release = "Release"
    case status = "Status"
    case stop = "Stop"
    case restart = "Restart"
    case hibernate = "Hibernate"
    case wake = "Wake"
    case trust = "Trust"
    case setLimits = "SetLimits"
    case logs = "Logs"
    case why = "Why"
    case tools = "Tools"
    case call = "Call"
    case stats = "Stats"
    case reload = "Reload"
    case drain = "Drain"
    case subscribe = "Subscribe"

    /// As a call names it: `io.mcpctl.Supervisor.Status`.
    public var qualifiedName: String { "\(ControlInterface.name).\(rawValue)" }
}

/// The parameters of one method, which know the method and its answer.
public protocol MethodParameters: Codable, Sendable, Equatable {
    associatedtype Reply: Codable, Sendable, Equatable
    static var method: ControlMethod { get }
}

/// The names that other programs are built against.
public enum ControlInterface {
    /// The Varlink interface, and the name of the socket.
    public static let name = "io.mcpctl.Supervisor"
}
