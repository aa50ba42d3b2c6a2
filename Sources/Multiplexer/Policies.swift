// SPDX-License-Identifier: Apache-2.0

/// What becomes of requests whose method is in no revision of the protocol.
public enum UnknownRequests: String, Sendable, Codable, CaseIterable {
    /// They pass: the answer finds back to its caller like any other.
    case pass
    /// They are answered as a server answers that does not have the method.
    case refuse
}

/// What becomes of a log message, or a notification that the protocol does not know, that could be any of several
/// sessions'.
public enum UnattributedNotifications: String, Sendable, Codable, CaseIterable {
    /// Nobody gets it: its text may hold what one of them asked for.
    case drop
    /// Every session gets it.
    case broadcast
}

/// What a backend of the handshake era is told of its client's roots.
public enum RootsPolicy: String, Sendable, Codable, CaseIterable {
    /// The repository, for everybody.
    case repo
    /// That there are none.
    case off
    /// The repository, and with it the roots of every session: each opens its own to all the others.
    case union
}

/// Which tool calls that a death of the backend took away are asked again.
public enum RetryTools: String, Sendable, Codable, CaseIterable {
    case never
    /// Those of tools that say of themselves that they only read, or that twice is as good as once.
    case annotated
}
