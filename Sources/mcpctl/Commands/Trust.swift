// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Trust: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Accept tools whose definition the server changed.")

    @Argument(help: "The backends.", completion: .backends)
    var backend: [BackendName]

    @OptionGroup var common: CommonOptions

    func run() throws {
        try Failures.collect(over: backend) { name in
            let parameters = TrustParameters(backend: name.description)
            try common.show(common.ask(parameters, awaiting: "\(name) to take its tools as trusted"))
        }
    }
}
