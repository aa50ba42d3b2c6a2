// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer

/// What is known of a server that nobody configured, because many use it.
struct ServerProfile {
    let name: String
    let privateTools: [PrivateTool]

    /// Serena has one active project for the whole process, and `activate_project` changes it. Activating the project
    /// that is active already does nothing there; so a session that names its own repository stays, whether the server
    /// was started with `--project` or waits for this very call. In contexts with a single project there is no such tool.
    /// Older releases have modes, too, which are the process's as well.
    static let serena = ServerProfile(
        name: "serena",
        privateTools: [
            PrivateTool(name: "activate_project", unless: ["project": "{repo}"]), PrivateTool(name: "switch_modes"),
        ])

    /// The profile of the program that a command runs.
    static func of(command: [String]) -> ServerProfile? {
        ["serena", "serena-agent", "serena-mcp-server"].contains(ServerName.of(command: command)) ? serena : nil
    }
}

extension EffectiveConfiguration {
    /// What the configuration says of a server goes before what is known of it; an empty list switches that off.
    func privateTools(_ key: SharingKey) -> [PrivateTool] {
        guard key.share != .session else { return [] }
        let tools = server.privateTools ?? ServerProfile.of(command: key.command)?.privateTools ?? []
        return tools.map { tool in
            PrivateTool(name: tool.name, unless: tool.unless.mapValues { $0.replacing("{repo}", with: key.repository) })
        }
    }

    /// The same for people, with where it comes from; nil: there are none.
    func privateToolsInWords(_ key: SharingKey) -> String? {
        let tools = privateTools(key).map { tool in
            let unless = tool.unless.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
            return unless.isEmpty ? tool.name : "\(tool.name) (unless \(unless.joined(separator: ", ")))"
        }
        guard !tools.isEmpty else { return nil }
        let origin =
            server.privateTools == nil ? ServerProfile.of(command: key.command).map { "built in for \($0.name)" } : nil
        return "\(tools.joined(separator: ", ")); \(origin ?? "configured")"
    }
}
