// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct Tools: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a backend's tools, or find some by a description.")

    @Argument(help: "The backend.", completion: .backends)
    var backend: BackendName

    @Option(help: ArgumentHelp("Show what find_tool would answer to this.", valueName: "text"))
    var query: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let parameters = ToolsParameters(backend: backend.description, query: query)
        let answer = try common.ask(parameters, patience: .startOrStop, awaiting: "the tools of \(backend)")
        try common.show(answer)
    }
}
