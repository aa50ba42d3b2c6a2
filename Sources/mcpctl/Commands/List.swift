// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the backends, one line each.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        let answer = try common.ask(StatusParameters(), awaiting: "the list of backends")
        try common.show(answer.narrowed(to: BackendList.self, members: "backends"))
    }
}
