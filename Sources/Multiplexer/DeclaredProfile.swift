// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a backend of the handshake era is told that its client can: one profile for all sessions, because it is told
/// once (protocol.md §2.7 a).
extension MultiplexerConfiguration {
    var declaredCapabilities: JSONValue {
        var declared = JSONObject()
        if declaresRoots { declared["roots"] = roots == .union ? ["listChanged": true] : [:] }
        if maySomebodyBeAsked {
            declared["elicitation"] = [:]
            declared["sampling"] = [:]
        }
        return .object(declared)
    }

    /// Whether the backend is told that its client has roots.
    var declaresRoots: Bool { roots == .union || (roots == .repo && !repositoryRoots.isEmpty) }

    /// Whether the backend is told that its client can be asked: only then does it ask, and only for listed tools.
    var maySomebodyBeAsked: Bool { !interactiveTools.isEmpty }

    /// What a snapshot depends on besides the server itself: servers offer what their client seems to be able to use.
    public var profile: String {
        "\(Handshake.newestRevision) \(BackendEra.newestModernRevision) \(declaredCapabilities.text)"
    }
}
