// SPDX-License-Identifier: Apache-2.0

/// What a server is called when nobody named it: the command's own name, past the program that merely runs it.
enum ServerName {
    private static let runners: Set<String> = [
        "uvx", "uv", "npx", "bunx", "pnpm", "yarn", "pipx", "python", "python3", "node", "bun", "deno", "env", "sh",
        "bash", "docker", "podman", "nice", "timeout", "mise", "nix", "poetry", "hatch", "rye", "direnv",
    ]
    private static let verbs: Set<String> = ["run", "tool", "exec", "x", "dlx", "start", "shell"]

    /// Options whose value is an argument of its own, and no name of a server.
    private static let optionsWithValue: [Set<String>: Set<String>] = [
        ["docker", "podman"]: [
            "-e", "-p", "-u", "-v", "-w", "--add-host", "--entrypoint", "--env", "--env-file", "--mount", "--name",
            "--network", "--publish", "--user", "--volume", "--workdir",
        ],
        ["uv", "uvx"]: ["-p", "--directory", "--from", "--index-url", "--project", "--python", "--with"],
        ["npx", "bunx", "pnpm", "yarn"]: ["-c", "-p", "--package"],
        ["node", "bun", "deno"]: ["-e", "-r", "--config", "--import", "--require"],
        ["python", "python3", "sh", "bash"]: ["-c"],
    ]

    static func of(command: [String]) -> String {
        guard let program = command.first else { return "server" }
        let base = baseName(program)
        guard isRunner(base) else { return cleaned(base) }
        var withValue = options(of: base)
        var isValue = false
        for argument in command.dropFirst() {
            if isValue || argument.hasPrefix("-") {
                isValue = !isValue && withValue.contains(argument)
                continue
            }
            let name = baseName(argument)
            if isRunner(name) {
                withValue = options(of: name)
            } else if !verbs.contains(name), !isSetting(argument), Double(name) == nil {
                return cleaned(name)
            }
        }
        return cleaned(base)
    }

    private static func options(of runner: String) -> Set<String> {
        let name = runner.hasPrefix("python3.") ? "python3" : runner
        return optionsWithValue.first { $0.key.contains(name) }?.value ?? []
    }

    /// `NAME=value` for env; `package==version` names a package.
    private static func isSetting(_ argument: String) -> Bool { argument.contains("=") && !argument.contains("==") }

    private static func isRunner(_ name: String) -> Bool {
        runners.contains(name) || name.hasPrefix("python3.")
    }

    /// The last part of a path, of `@scope/name@version`, `image:tag` or `package==version`, without a script's suffix.
    private static func baseName(_ text: String) -> String {
        var name = text.split(separator: "/").last.map(String.init) ?? text
        if let at = name.lastIndex(of: "@"), at != name.startIndex { name = String(name[..<at]) }
        if let end = name.firstIndex(where: { $0 == "=" || $0 == ":" }) { name = String(name[..<end]) }
        for suffix in [".py", ".js", ".mjs", ".cjs", ".ts", ".sh"] where name.hasSuffix(suffix) {
            name = String(name.dropLast(suffix.count))
        }
        return name
    }

    /// A name as it may stand in ids, units and files: letters, digits, `.`, `_` and `-`; at most 32.
    static func cleaned(_ name: String) -> String {
        let kept = name.map { character in
            character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
                ? character : "_"
        }
        let text = String(kept.prefix(32)).drop { $0 == "." || $0 == "-" }
        return text.isEmpty ? "server" : String(text)
    }
}
