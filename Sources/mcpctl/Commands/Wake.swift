// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Wake: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Thaw hibernated backends.")

    @Argument(help: "The backends.", completion: .backends)
    var backend: [BackendName]

    @OptionGroup var common: CommonOptions

    func run() throws {
        try Failures.collect(over: backend) { name in
            let parameters = WakeParameters(backend: name.description)
            try common.show(common.ask(parameters, patience: .startOrStop, awaiting: "\(name) to wake"))
        }
    }
}
