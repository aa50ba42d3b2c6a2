// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take no new sessions, and end when the last one is over.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        try common.show(common.ask(DrainParameters(), awaiting: "the supervisor to drain"))
    }
}
