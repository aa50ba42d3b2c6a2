// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the configuration again; a bad one changes nothing.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        try common.show(common.ask(ReloadParameters(), awaiting: "the configuration to be read"))
    }
}
