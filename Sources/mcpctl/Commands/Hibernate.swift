// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Hibernate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Freeze idle backends and give their memory back.")

    @Argument(help: "The backends.", completion: .backends)
    var backend: [BackendName]

    @OptionGroup var common: CommonOptions

    func run() throws {
        try Failures.collect(over: backend) { name in
            let parameters = HibernateParameters(backend: name.description)
            try common.show(common.ask(parameters, patience: .startOrStop, awaiting: "\(name) to hibernate"))
        }
    }
}
