// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

/// What every command that asks the supervisor takes.
struct CommonOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the answer as JSON, one document a line.")
    var json = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Wait this long for an answer (30s, 5min; infinity).",
            discussion: "", valueName: "duration"))
    var timeout: Span?
}

/// A span of time in systemd's syntax, as an argument.
struct Span: ExpressibleByArgument {
    /// `nil`: without end.
    let seconds: Double?

    init(seconds: Double?) { self.seconds = seconds }

    init?(argument: String) {
        guard let milliseconds = TimeSpan.parse(argument) else { return nil }
        seconds = milliseconds == TimeSpan.forever ? nil : Double(milliseconds) / 1000
    }
}

/// How long an answer may take when the user does not say.
enum Patience: Int {
    /// The supervisor knows it.
    case facts = 30
    /// A backend has to start or stop first.
    case startOrStop = 180
    /// A tool runs.
    case tool = 3600

    func seconds(_ asked: Span?) -> Int {
        guard let asked else { return rawValue }
        guard let seconds = asked.seconds else { return Int(Int32.max) / 1000 }
        return max(1, Int(seconds.rounded(.up)))
    }
}
