// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import MCPWire

struct Call: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call one tool and print the text it gives back.",
        discussion: "Exits with 1 when the tool itself reports an error.")

    @Argument(help: "The backend.", completion: .backends)
    var backend: BackendName

    @Argument(help: "The tool's name.")
    var tool: String

    @Argument(help: ArgumentHelp("Its arguments, a JSON object.", valueName: "json"))
    var arguments: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        _ = try parsedArguments()
    }

    func run() throws {
        let parameters = CallParameters(backend: backend.description, tool: tool, arguments: try parsedArguments())
        let answer = try common.ask(parameters, patience: .tool, awaiting: "\(tool) of \(backend)")
            .narrowed(to: CallResult.self, members: "result")
        try common.show(answer)
        if try answer.reply().isError {
            throw CommandFailure("the tool '\(tool)' of \(backend) reports an error; its words are on stdout")
        }
    }

    private func parsedArguments() throws -> JSONDocument? {
        guard let arguments else { return nil }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: arguments)
        } catch {
            throw ValidationError("the arguments of \(tool) are \(error); write them as '{\"name\": \"value\"}'")
        }
        guard value.objectValue != nil else {
            throw ValidationError("the arguments of \(tool) are no JSON object; write them as '{\"name\": \"value\"}'")
        }
        return JSONDocument(value)
    }
}
