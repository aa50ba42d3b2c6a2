// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import Posix

struct Request: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start or find a backend, as a session here would, and hold it.",
        usage: """
            mcpctl request [--name NAME] [--repo PATH] [--share SHARE] [--hold DURATION] -- COMMAND [ARG…]
            mcpctl request --name NAME [--repo PATH] [--share SHARE] [--hold DURATION]
            """)

    @Option(help: "The server's name; without a command, one that the configuration declares.")
    var name: String?

    @Option(help: "A directory in the repository (default: where a session here finds it).", completion: .directory)
    var repo: String?

    @Option(help: "Share it per repo, user or session.")
    var share: Sharing?

    @Option(help: ArgumentHelp("Hold it this long (10min, 1h 30s); else until 'release'.", valueName: "duration"))
    var hold: Span?

    @Argument(
        parsing: .postTerminator,
        help: "The server's command line.")
    var command: [String] = []

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if command.isEmpty, name == nil {
            throw ValidationError("request needs a command after '--', or the --name of a declared server")
        }
        if let seconds = hold?.seconds, seconds <= 0 {
            throw ValidationError("--hold 0 would hold nothing; give a span such as 10min")
        }
    }

    func run() throws {
        let environment = OwnEnvironment()
        let parameters = RequestParameters(
            argv: command.isEmpty ? nil : command, environment: environment.entries,
            rawEnvironment: environment.raw.isEmpty ? nil : environment.raw, name: name,
            repo: try repo.map { try absolute($0, as: "the repository") }, share: share?.rawValue,
            holdSeconds: hold?.seconds, umask: OwnProcess.umask, cwd: try absolute(".", as: "the working directory"))
        let subject = name ?? command.first ?? "the backend"
        try common.show(common.ask(parameters, patience: .startOrStop, awaiting: "\(subject) to start"))
    }

    /// The supervisor's working directory is another.
    private func absolute(_ directory: String, as what: String) throws -> String {
        guard let path = Files.resolved(directory) else {
            throw CommandFailure("cannot use '\(directory)' as \(what): there is no such directory")
        }
        return path
    }
}
