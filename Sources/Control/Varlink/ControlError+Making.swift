// SPDX-License-Identifier: Apache-2.0

/// The refusals as the supervisor makes them, each with the one wording it has everywhere.
extension ControlError {
    public static func noBackend(_ backend: String) -> ControlError {
        .noSuchBackend(
            backend: backend,
            reason: "no backend is called '\(backend)' or serves that directory; 'mcpctl list' shows those there are")
    }

    public static func ambiguous(_ backend: String, matches: [String]) -> ControlError {
        .ambiguousBackend(
            backend: backend, matches: matches,
            reason: "'\(backend)' could be any of \(matches.joined(separator: ", ")); give more of the id")
    }

    public static func noSession(_ session: String) -> ControlError {
        .noSuchSession(
            session: session,
            reason: "no session is called '\(session)'; 'mcpctl sessions' shows those there are")
    }

    public static func noServer(_ server: String, known: [String]) -> ControlError {
        let nearest = NearestWord.to(server, among: known).map { ", did you mean '\($0)'" } ?? ""
        return .noSuchServer(
            server: server,
            reason: "no server is called '\(server)'\(nearest); declare it as [server.\(server)] in the configuration, "
                + "or give its command")
    }

    public static func notYet(_ method: ControlMethod) -> ControlError {
        .methodNotImplemented(method: method.qualifiedName)
    }
}
