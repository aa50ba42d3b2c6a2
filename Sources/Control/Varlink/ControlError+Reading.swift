// SPDX-License-Identifier: Apache-2.0
public import MCPWire

extension ControlError {
    /// Reads an error as it came. One whose parameters are not what its name promises is kept as it is.
    public init(name: String, parameters: JSONObject) {
        self = Self.known(name: name, Parameters(object: parameters)) ?? .other(name: name, parameters: parameters)
    }

    private struct Parameters {
        let object: JSONObject
        func text(_ key: String) -> String? { object[key]?.stringValue }
        var reason: String? { text("reason") }
    }

    private static func known(name: String, _ given: Parameters) -> ControlError? {
        if name.hasPrefix("\(ControlInterface.name).") {
            return own(String(name.dropFirst(ControlInterface.name.count + 1)), given)
        }
        if name.hasPrefix("\(VarlinkService.name).") {
            return standard(String(name.dropFirst(VarlinkService.name.count + 1)), given)
        }
        return nil
    }

    private static func own(_ name: String, _ given: Parameters) -> ControlError? {
        guard let reason = given.reason else { return nil }
        switch name {
        case "NoSuchBackend": return .noSuchBackend(backend: given.text("backend") ?? "", reason: reason)
        case "AmbiguousBackend":
            let matches = given.object["matches"]?.arrayValue?.compactMap(\.stringValue) ?? []
            return .ambiguousBackend(backend: given.text("backend") ?? "", matches: matches, reason: reason)
        case "NoSuchSession": return .noSuchSession(session: given.text("session") ?? "", reason: reason)
        case "NoSuchServer": return .noSuchServer(server: given.text("server") ?? "", reason: reason)
        case "InvalidParameter": return .invalidParameter(parameter: given.text("parameter") ?? "", reason: reason)
        case "Refused": return .refused(reason: reason)
        case "StartFailed": return .startFailed(backend: given.text("backend"), reason: reason)
        case "LimitsFailed": return .limitsFailed(reason: reason)
        case "ConfigurationFailed": return .configurationFailed(reason: reason)
        case "Draining": return .draining(reason: reason)
        default: return nil
        }
    }

    private static func standard(_ name: String, _ given: Parameters) -> ControlError? {
        switch name {
        case "InterfaceNotFound": .interfaceNotFound(interface: given.text("interface") ?? "")
        case "MethodNotFound": .methodNotFound(method: given.text("method") ?? "")
        case "MethodNotImplemented": .methodNotImplemented(method: given.text("method") ?? "")
        case "InvalidParameter": .parameterRefused(parameter: given.text("parameter") ?? "")
        case "PermissionDenied": .permissionDenied
        case "ExpectedMore": .expectedMore
        default: nil
        }
    }
}

extension ControlError: CustomStringConvertible {
    /// One line: what failed, on what, why, and what to do.
    public var description: String {
        switch self {
        case .noSuchBackend(_, let reason), .ambiguousBackend(_, _, let reason), .noSuchSession(_, let reason),
            .noSuchServer(_, let reason), .invalidParameter(_, let reason), .refused(let reason),
            .startFailed(_, let reason), .limitsFailed(let reason), .configurationFailed(let reason),
            .draining(let reason):
            return reason
        case .interfaceNotFound(let interface):
            return "the supervisor has no interface \(interface): it is of another version; restart it"
        case .methodNotFound(let method):
            return "the supervisor has no method \(method): it is of another version; restart it"
        case .methodNotImplemented(let method):
            return "this supervisor cannot do that yet: \(method)"
        case .parameterRefused(let parameter):
            return "the supervisor refused the parameter '\(parameter)': it is of another version; restart it"
        case .permissionDenied:
            return "the supervisor refused us: it belongs to another user"
        case .expectedMore:
            return "the supervisor wants this method called with 'more'"
        case .other(let name, let parameters):
            return "the supervisor refused with \(name): \(JSONValue.object(parameters).text)"
        }
    }
}
