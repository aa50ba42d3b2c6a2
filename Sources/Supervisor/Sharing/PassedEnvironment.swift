// SPDX-License-Identifier: Apache-2.0

/// Which variables of a session's environment count: those are part of the sharing key, and handed over to the backend.
///
/// Both or neither. A variable that reached a backend without being part of its key would be one session's value in
/// another session's server; one that separated without being handed over would separate for nothing.
struct PassedEnvironment: Sendable, Equatable {
    private let ignored: IgnoredEnvironment
    /// The allow rule; none: everything that is not ignored.
    private let allowed: IgnoredEnvironment.Names?

    /// - Parameters:
    ///   - ignored: what says nothing about a server.
    ///   - allowed: names, or beginnings of names followed by `*`, of all that a server needs beside the ``base``.
    init(ignored: IgnoredEnvironment, allowed: [String]? = nil) {
        self.ignored = ignored
        self.allowed = allowed.map { IgnoredEnvironment.Names($0 + PassedEnvironment.base) }
    }

    /// A name that is given in full counts even if it is on the list of ignored ones, a beginning covers none of those.
    func contains(_ name: String) -> Bool {
        if PassedEnvironment.own.contains(name) { return false }
        guard let allowed else { return !ignored.contains(name) }
        return allowed.names(name) || (allowed.covers(name) && !ignored.contains(name))
    }

    /// We set these ourselves: twice in one environment they would mean either.
    private static let own: Set<String> = [BackendMark.variable, "CLAUDE_PROJECT_DIR"]

    /// What a program needs to be the user's at all. Clients' own allow rules hand over less.
    static let base: [String] = [
        "HOME", "LOGNAME", "PATH", "SHELL", "USER", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "XDG_*",
        "DBUS_SESSION_BUS_ADDRESS",
    ]
}
