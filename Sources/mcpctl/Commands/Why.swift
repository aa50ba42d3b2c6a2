// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a session's sharing key, or why two sessions do not share.",
        discussion: "Environment variables are shown by name, never by value.")

    @Argument(help: "The session.", completion: .sessions)
    var session: String

    @Argument(help: "The session to compare it with.", completion: .sessions)
    var other: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        try common.show(common.ask(WhyParameters(session: session, other: other), awaiting: "the sharing key"))
    }
}
