// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a backend is told of its client: one that many share of us, one that a session moved to of that session.
extension Multiplexer {
    /// The session's own capabilities, where it is the only one.
    private var own: JSONObject? {
        guard configuration.isMoved, let session = sessions.values.first(where: { !$0.clientCapabilities.isEmpty })
        else { return nil }
        return (try? JSONValue(parsing: session.clientCapabilities))?.objectValue
    }

    /// What it can be asked, the session itself says. Roots are the repository's, as they were before it moved.
    var declaredCapabilities: JSONValue {
        let usual = configuration.declaredCapabilities
        guard let own, var declared = usual.objectValue else { return usual }
        for feature in [ClientFeature.elicitation, .sampling] {
            declared[feature.rawValue] = own[feature.rawValue] ?? declared[feature.rawValue]
        }
        return .object(declared)
    }

    var declaredClient: JSONValue {
        if configuration.isMoved, let info = sessions.values.lazy.compactMap(\.clientInfo).first {
            return .object(info)
        }
        return ["name": .string(configuration.clientName), "version": .string(configuration.clientVersion)]
    }

    /// Whether the backend was told that its client can be asked.
    var maySomebodyBeAsked: Bool {
        configuration.maySomebodyBeAsked || own?["elicitation"] != nil || own?["sampling"] != nil
    }
}
