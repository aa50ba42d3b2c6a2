// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the supervisor, its backends and sessions, and what sharing saves.")

    @Argument(help: "Show only this backend, in detail.", completion: .backends)
    var backend: BackendName?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let answer = try common.ask(StatusParameters(backend: backend?.description), awaiting: "the status")
        if backend != nil, !common.json {
            try common.show(answer.narrowed(to: BackendDetail.self, members: "backends", "sessions"))
        } else {
            try common.show(answer)
        }
    }
}
