// SPDX-License-Identifier: Apache-2.0
public import MCPWire

/// What the supervisor refuses with: the errors of our interface and of `org.varlink.service`.
///
/// `reason` is a whole line for a human: what failed, on what, why, and what to do. An error that this version does
/// not know is kept as ``other(name:parameters:)``.
public enum ControlError: Error, Sendable, Equatable {
    case noSuchBackend(backend: String, reason: String)
    case ambiguousBackend(backend: String, matches: [String], reason: String)
    case noSuchSession(session: String, reason: String)
    case noSuchServer(server: String, reason: String)
    case invalidParameter(parameter: String, reason: String)
    case refused(reason: String)
    case startFailed(backend: String?, reason: String)
    case limitsFailed(reason: String)
    case configurationFailed(reason: String)
    case draining(reason: String)

    // org.varlink.service
    case interfaceNotFound(interface: String)
    case methodNotFound(method: String)
    case methodNotImplemented(method: String)
    /// `org.varlink.service.InvalidParameter`, which has no reason.
    case parameterRefused(parameter: String)
    case permissionDenied
    case expectedMore

    case other(name: String, parameters: JSONObject)
}

extension ControlError {
    /// The error's name on the wire.
    public var name: String {
        switch self {
        case .noSuchBackend: Self.own("NoSuchBackend")
        case .ambiguousBackend: Self.own("AmbiguousBackend")
        case .noSuchSession: Self.own("NoSuchSession")
        case .noSuchServer: Self.own("NoSuchServer")
        case .invalidParameter: Self.own("InvalidParameter")
        case .refused: Self.own("Refused")
        case .startFailed: Self.own("StartFailed")
        case .limitsFailed: Self.own("LimitsFailed")
        case .configurationFailed: Self.own("ConfigurationFailed")
        case .draining: Self.own("Draining")
        case .interfaceNotFound: Self.standard("InterfaceNotFound")
        case .methodNotFound: Self.standard("MethodNotFound")
        case .methodNotImplemented: Self.standard("MethodNotImplemented")
        case .parameterRefused: Self.standard("InvalidParameter")
        case .permissionDenied: Self.standard("PermissionDenied")
        case .expectedMore: Self.standard("ExpectedMore")
        case .other(let name, _): name
        }
    }

    private static func own(_ name: String) -> String { "\(ControlInterface.name).\(name)" }
    private static func standard(_ name: String) -> String { "\(VarlinkService.name).\(name)" }

    /// The error's parameters on the wire, in the order of the interface.
    public var parameters: JSONObject {
        switch self {
        case .noSuchBackend(let backend, let reason):
            ["backend": .string(backend), "reason": .string(reason)]
        case .ambiguousBackend(let backend, let matches, let reason):
            [
                "backend": .string(backend), "matches": .array(matches.map { .string($0) }),
                "reason": .string(reason),
            ]
        case .noSuchSession(let session, let reason):
            ["session": .string(session), "reason": .string(reason)]
        case .noSuchServer(let server, let reason):
            ["server": .string(server), "reason": .string(reason)]
        case .invalidParameter(let parameter, let reason):
            ["parameter": .string(parameter), "reason": .string(reason)]
        case .startFailed(let backend, let reason):
            ["backend": backend.map { .string($0) } ?? .null, "reason": .string(reason)]
        case .refused(let reason), .limitsFailed(let reason), .configurationFailed(let reason),
            .draining(let reason):
            ["reason": .string(reason)]
        case .interfaceNotFound(let interface): ["interface": .string(interface)]
        case .methodNotFound(let method), .methodNotImplemented(let method): ["method": .string(method)]
        case .parameterRefused(let parameter): ["parameter": .string(parameter)]
        case .permissionDenied, .expectedMore: [:]
        case .other(_, let parameters): parameters
        }
    }
}
