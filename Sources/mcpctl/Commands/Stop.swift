// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End backends; the next request starts them again.")

    @Argument(help: "The backends.", completion: .backends)
    var backend: [BackendName]

    @OptionGroup var common: CommonOptions

    func run() throws {
        try Failures.collect(over: backend) { name in
            let parameters = StopParameters(backend: name.description)
            try common.show(common.ask(parameters, patience: .startOrStop, awaiting: "\(name) to stop"))
        }
    }
}
