// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let go of a backend that 'request' holds.")

    @Argument(help: "The backend.", completion: .backends)
    var backend: BackendName

    @Flag(help: "Stop it at once if nobody else holds it.")
    var now = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let parameters = ReleaseParameters(backend: backend.description, now: now ? true : nil)
        try common.show(common.ask(parameters, patience: .startOrStop, awaiting: "\(backend) to be released"))
    }
}
