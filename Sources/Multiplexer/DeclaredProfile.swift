// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a backend of the handshake era is told that its client can: one profile for all sessions, because it is told
/// once (protocol.md §2.7 a).
extension MultiplexerConfiguration {
    var declaredCapabilities: JSONValue { repositoryRoots.isEmpty ? [:] : ["roots": [:]] }

    /// What a snapshot depends on besides the server itself: servers offer what their client seems to be able to use.
    public var profile: String {
        "\(Handshake.newestRevision) \(BackendEra.newestModernRevision) \(declaredCapabilities.text)"
    }
}
