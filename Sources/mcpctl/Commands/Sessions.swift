// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Sessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who is attached: client, process, backend, calls in flight, repository.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        let answer = try common.ask(StatusParameters(), awaiting: "the list of sessions")
        try common.show(answer.narrowed(to: SessionList.self, members: "sessions"))
    }
}
