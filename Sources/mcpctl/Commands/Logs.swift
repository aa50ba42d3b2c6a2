// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a backend wrote to its stderr.",
        discussion: "From the journal by the backend's identifier, or from its log file in direct mode.")

    @Argument(help: "The backend.", completion: .backends)
    var backend: BackendName

    @Flag(name: [.short, .long], help: "Go on with new lines as they come.")
    var follow = false

    @Option(name: [.customShort("n"), .customLong("lines")], help: "Show this many of the last lines.")
    var count = 100

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard count >= 0 else { throw ValidationError("-n \(count) is not a number of lines; give 0 or more") }
    }

    func run() throws {
        let answer = try common.ask(LogsParameters(backend: backend.description), awaiting: "the log of \(backend)")
        if common.json { return try common.show(answer) }
        try LogSource(answer.reply()).show(lines: count, follow: follow)
    }
}
