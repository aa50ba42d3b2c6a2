// SPDX-License-Identifier: Apache-2.0

import Control

extension ControlService {
    /// What a session's key is made of, and what separates two: by name, never by value.
    func why(_ parameters: WhyParameters) throws(ControlError) -> WhyReply {
        let session = try find(session: parameters.session)
        let other = try parameters.other.map { (text) throws(ControlError) in try find(session: text) }
        guard let key = session.key else {
            throw .refused(reason: "session \(session.id) has no repository yet: its client has not told its roots")
        }
        var facts: NamedValues = [
            "server": key.server, "share": key.share.rawValue, "repo": key.repository, "directory": key.directory,
            "command": key.commandWithoutValues, "backend": session.backend?.id ?? "none",
            "digest": String(key.digest.prefix(8)),
        ]
        facts["private_tools"] = session.backend?.configuration.privateToolsInWords(key)
        return WhyReply(
            session: "\(session.id)", key: facts, variables: key.variables.keys.sorted(),
            ignored: session.facts.ignoredVariables, other: other.map { "\($0.id)" },
            same: other.map { $0.key == .some(key) }, differs: other?.key.map { key.differences(from: $0) } ?? [])
    }

    private func find(session text: String) throws(ControlError) -> Session {
        guard let session = registry.sessions.values.first(where: { "\($0.id)" == text }) else {
            throw .noSession(text)
        }
        return session
    }
}

extension SharingKey {
    /// The program and the names of its options. What stands beside them may be a secret.
    fileprivate var commandWithoutValues: String {
        let words = command.dropFirst().map { argument in
            guard argument.hasPrefix("-") else { return "…" }
            guard argument.hasPrefix("--") else { return argument.count > 2 ? "\(argument.prefix(2))…" : argument }
            let name = argument.prefix { $0 != "=" }
            return name.count < argument.count ? "\(name)=…" : argument
        }
        return ((command.first.map { [$0] } ?? []) + words).joined(separator: " ")
    }
}
