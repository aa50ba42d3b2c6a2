// SPDX-License-Identifier: Apache-2.0

/// What is known of a process, to tell whether it is an MCP server that nobody owns any more.
struct ProcessFacts: Equatable {
    var pid: Int32
    var isOurUser: Bool
    /// Whether it is in our pid namespace. In a container's the parent is its init, whose client may live out here.
    var isInOurNamespace: Bool
    /// The name of its parent's program; `nil` when there is no parent.
    var parentName: String?
    var arguments: [String]
    /// The last part of its cgroup's path.
    var unit: String
    /// Whether a supervisor of ours started it; `nil` when its environment may not be read.
    var isMarked: Bool?
}

/// Tells strays from everything else. When in doubt it is none: what is ended cannot be brought back.
enum StrayJudge {
    /// Programs that take over those whose parent is gone.
    private static let adopters: Set<String> = [
        "systemd", "init", "tini", "dumb-init", "catatonit", "docker-init", "podman-init", "s6-svscan", "runit",
    ]
    /// Programs that run a server named by an argument.
    private static let runners: Set<String> = [
        "node", "npx", "npm", "bun", "bunx", "deno", "python", "uv", "uvx", "pipx", "docker", "podman", "java", "ruby",
    ]
    private static let ours: Set<String> = ["mcp-shim", "mcp-supervisor", "mcp-gate", "mcpctl", "mcp-embed"]
    /// A server that listens is meant to stay without a client.
    private static let listening: Set<String> = ["--port", "--http", "--sse", "--host", "--listen", "http", "sse"]

    /// The word that tells which server it is; `nil` when it is no stray.
    static func server(_ process: ProcessFacts) -> String? {
        guard process.isOurUser, process.isInOurNamespace, process.isMarked == false, let parent = process.parentName,
            adopters.contains(parent), !isServiceOfItsOwn(process.unit)
        else { return nil }
        return server(arguments: process.arguments)
    }

    /// Somebody made a unit of it on purpose. What clients start stands in the units of desktops and sessions.
    private static func isServiceOfItsOwn(_ unit: String) -> Bool {
        unit.hasSuffix(".service") && !unit.hasPrefix("user@") && !unit.hasPrefix("app-")
    }

    /// The word of a command line that says "MCP server".
    static func server(arguments: [String]) -> String? {
        guard let program = arguments.first.map(base), !ours.contains(program) else { return nil }
        let options = arguments.dropFirst()
        let listens = options.contains { argument in
            listening.contains(argument) || argument.hasPrefix("--port=") || argument.contains("streamable")
                || argument.hasSuffix("=http") || argument.hasSuffix("=sse")
        }
        guard !listens else { return nil }
        if options.contains("start-mcp-server") { return program }
        if namesMCP(program) { return program }
        // python3.11 runs what python runs.
        let runner = program.prefix { $0.isLetter }
        guard runners.contains(String(runner)) else { return nil }
        let candidates = zip(arguments, options).prefix(6).filter { !announcesSecret($0.0) }.map(\.1)
        return candidates.first { isServerName($0) }.map { $0.hasPrefix("@") ? $0 : base($0) }
    }

    /// Whether it is an option whose value nobody may see: `--token`, `--api-key`.
    private static func announcesSecret(_ argument: String) -> Bool {
        argument.hasPrefix("-")
            && ["token", "key", "secret", "pass", "auth", "credential"].contains { argument.lowercased().contains($0) }
    }

    private static func isServerName(_ argument: String) -> Bool {
        let isDocument = [".json", ".md", ".log", ".toml", ".txt"].contains { argument.hasSuffix($0) }
        guard !argument.hasPrefix("-"), !isDocument, argument.count < 200, !mayHoldSecret(argument) else {
            return false
        }
        return namesMCP(base(argument)) || argument.hasPrefix("@modelcontextprotocol/")
    }

    /// A value of the environment, an address, or a user with a password; no package is called so. The name is shown.
    private static func mayHoldSecret(_ argument: String) -> Bool {
        let user = argument.split(separator: "@", omittingEmptySubsequences: false).dropLast()
        return ["=", "://", "?"].contains { argument.contains($0) } || user.contains { $0.contains(":") }
    }

    /// Whether "mcp" is a word of it: `mcp-server-git`, `mcp_server_time`, `github-mcp`.
    private static func namesMCP(_ name: String) -> Bool {
        name.lowercased().split { !$0.isLetter }.contains { $0 == "mcp" }
    }

    private static func base(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
