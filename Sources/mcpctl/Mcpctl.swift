// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

/// The command line for humans and scripts.
struct Mcpctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcpctl",
        abstract: "See and steer mcp-supervisor, which lets sessions share MCP servers.",
        discussion: """
            BACKEND is an id, any unique beginning of one, or a directory in its repository.

            Exit status: 0 done, 1 failed, 2 usage, 3 no such backend or session, 69 no supervisor.
            See mcpctl(1).
            """,
        version: Control.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Facts", subcommands: [Status.self, List.self, Sessions.self, Top.self, Why.self, Logs.self]),
            CommandGroup(
                name: "Backends",
                subcommands: [
                    Request.self, Release.self, Stop.self, Restart.self, Hibernate.self, Wake.self,
                    LimitsCommand.self,
                ]),
            CommandGroup(name: "Tools", subcommands: [Tools.self, Trust.self, Call.self, Stats.self]),
            CommandGroup(
                name: "Supervisor", subcommands: [Doctor.self, Reload.self, Drain.self, Version.self, Completion.self]),
        ])

    /// Names the nearest command for one there is not; ArgumentParser would call it an unexpected argument.
    static func refuseUnknownCommand(_ arguments: ArraySlice<String>) throws {
        let words = arguments.first == "help" ? arguments.dropFirst() : arguments
        guard let word = words.first, !word.hasPrefix("-"), word != "help" else { return }
        let names = configuration.groupedSubcommands.flatMap(\.subcommands).map { $0._commandName }
        guard !names.contains(word) else { return }
        let nearest = NearestWord.to(word, among: names).map { ", did you mean '\($0)'" } ?? ""
        throw CommandFailure(
            "no command is called '\(word)'\(nearest); see 'mcpctl --help'", exitStatus: ExitReport.usage)
    }
}
