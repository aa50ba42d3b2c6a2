// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Posix

struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the completion script of a shell.",
        discussion: "For bash: mcpctl completion bash > ~/.local/share/bash-completion/completions/mcpctl")

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() throws {
        let script = Mcpctl.completionScript(for: shell.kind)
        try StandardStream.output.write(Array("\(script)\n".utf8))
    }
}

extension Completion.Shell {
    var kind: CompletionShell {
        switch self {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }
}
