// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import Posix

struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch backends and sessions, full screen.",
        discussion: "The keys are shown by '?'. With --json: the status again and again, one document a line.")

    @Option(help: ArgumentHelp("Ask again after this long (500ms, 2s).", valueName: "duration"))
    var delay = Span(seconds: 2)

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard let seconds = delay.seconds, (0.1...3600).contains(seconds) else {
            throw ValidationError("--delay is to be from 100ms to 1h")
        }
    }

    func run() throws {
        let milliseconds = Int64((delay.seconds ?? 2) * 1000)
        if common.json { return try goOn(every: milliseconds) }
        guard StandardStream.input.isTerminal, StandardStream.output.isTerminal,
            OwnProcess.variable("TERM") != "dumb"
        else {
            throw CommandFailure(
                "top needs a terminal for its keys and its screen; use 'mcpctl status', or 'mcpctl top --json'",
                exitStatus: ExitReport.usage)
        }
        // Whoever has no supervisor learns it as from every other command.
        let first = try common.ask(StatusParameters(), awaiting: "the status").reply()
        var loop = try TopLoop(delay: milliseconds)
        try loop.run(first)
    }

    private func goOn(every milliseconds: Int64) throws {
        while true {
            try common.show(common.ask(StatusParameters(), awaiting: "the status"))
            OwnProcess.pause(milliseconds: Int32(milliseconds))
        }
    }
}
