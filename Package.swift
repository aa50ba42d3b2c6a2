// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// The shim and the gate run once a session: Embedded Swift keeps them at libc only, about 0.2 MB asleep.
let embedded: [SwiftSetting] = [.enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo"])]
/// Linked statically they start in half the time and keep half the memory, because nothing is relocated. A system
/// without a static libc builds them with MCP_DYNAMIC=1 in the environment.
let embeddedLinker: [LinkerSetting] = [
    .unsafeFlags(
        ["-enable-experimental-feature", "Embedded"]
            + (Context.environment["MCP_DYNAMIC"] == "1"
                ? [] : ["-Xclang-linker", "-static", "-Xclang-linker", "-Wno-unused-command-line-argument"]))
]

let package = Package(
    name: "mcp-supervisor",
    products: [
        .executable(name: "mcp-embed", targets: ["mcp-embed"]),
        .executable(name: "mcp-gate", targets: ["mcp-gate"]),
        .executable(name: "mcp-shim", targets: ["mcp-shim"]),
        .executable(name: "mcp-supervisor", targets: ["mcp-supervisor"]),
        .executable(name: "mcpctl", targets: ["mcpctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // C: headers and module maps; CEmbedding, below, is arithmetic.
        .target(name: "CPosix"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        // Pure: bytes and events in, bytes and actions out.
        .target(name: "MCPWire"),
        .testTarget(name: "MCPWireTests", dependencies: ["MCPWire"]),
        .target(name: "Multiplexer", dependencies: ["MCPWire"]),
        .testTarget(name: "MultiplexerTests", dependencies: ["Multiplexer", "MCPWire"]),
        // Square roots are in libm.
        .target(name: "ToolSearch", dependencies: ["MCPWire"], linkerSettings: [.linkedLibrary("m")]),
        .testTarget(
            name: "ToolSearchTests", dependencies: ["ToolSearch"],
            exclude: [
                "Ranking/SOURCES", "Ranking/queries.jsonl", "Ranking/tools.jsonl", "Text/make_wordpiece.py",
                "Text/wordpiece.json",
            ]),

        // Texts to vectors.
        .target(name: "CEmbedding", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "Embedding", dependencies: ["CEmbedding", "Posix", "ToolSearch"]),
        .testTarget(name: "EmbeddingTests", dependencies: ["Embedding", "CEmbedding", "Posix", "ToolSearch"]),

        // The kernel and systemd.
        .target(name: "Posix", dependencies: ["CPosix"]),
        .testTarget(name: "PosixTests", dependencies: ["Posix"]),
        .target(name: "Systemd", dependencies: ["CSystemd", "Posix"]),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd", "Posix"]),
        // Meets a real systemd in Tests/labs; no product.
        .executableTarget(name: "systemd-probe", dependencies: ["Systemd"], path: "Tests/labs/systemd-probe"),

        // Times the message path without pipes, for `make bench`; no product.
        .executableTarget(name: "wire-bench", dependencies: ["MCPWire", "Multiplexer"], path: "bench/wire"),

        // Ranks known queries, for `make bench`; no product.
        .executableTarget(
            name: "retrieval-bench", dependencies: ["ToolSearch", "MCPWire", "Posix"], path: "bench/retrieval"),

        // What the programs say to each other.
        .target(
            name: "Control", dependencies: ["MCPWire", "Posix"], exclude: ["Interface/io.mcpctl.Supervisor.varlink"]),
        .testTarget(name: "ControlTests", dependencies: ["Control", "MCPWire", "Posix"]),

        // The shell that acts.
        .target(
            name: "Supervisor",
            dependencies: [
                "Control", "Embedding", "Multiplexer", "MCPWire", "Posix", "Systemd", "TOMLKit", "ToolSearch",
            ]),
        .testTarget(
            name: "SupervisorTests",
            dependencies: ["Supervisor", "Control", "Embedding", "MCPWire", "Posix", "Systemd", "ToolSearch"]),

        // Programs: parse, wire up, exit code.
        .executableTarget(
            name: "mcp-gate", dependencies: ["CPosix"], swiftSettings: embedded, linkerSettings: embeddedLinker),
        .executableTarget(
            name: "mcp-shim", dependencies: ["CPosix"], swiftSettings: embedded, linkerSettings: embeddedLinker),
        .executableTarget(name: "mcp-embed", dependencies: ["Control", "Embedding", "Posix"]),
        .executableTarget(name: "mcp-supervisor", dependencies: ["Supervisor"]),
        .executableTarget(name: "mcpctl", dependencies: ["Control", "MCPWire", "Posix", argumentParser]),

        .testTarget(name: "McpctlTests", dependencies: ["mcpctl", "Control"]),

        // The manual against the programs.
        .testTarget(name: "ManualTests", dependencies: ["MCPWire", "Posix"]),

        // What must hold for any bytes: asked of the kept corpus in every test run, and by `make fuzz` of new inputs.
        .target(name: "FuzzChecks", dependencies: ["MCPWire", "Multiplexer"], path: "Tests/fuzz/Checks"),
        .testTarget(name: "FuzzCorpusTests", dependencies: ["FuzzChecks"]),

        // The rules of the house, read from the sources.
        .testTarget(name: "SourceRuleTests"),
    ]
)

// `make fuzz`: libFuzzer brings its own main and wants the code under test instrumented.
if Context.environment["MCP_FUZZ"] == "1" {
    package.targets.append(.systemLibrary(name: "CFuzzer", path: "Tests/fuzz/CFuzzer"))
    for target in package.targets where ["MCPWire", "Multiplexer", "FuzzChecks"].contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer"])]
    }
    for name in ["envelope", "machine"] {
        package.targets.append(
            .executableTarget(
                name: "fuzz-\(name)", dependencies: ["FuzzChecks", "CFuzzer"], path: "Tests/fuzz/\(name)",
                linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
    }
}

let cTargets: Set = ["CPosix", "CEmbedding"]
let embeddedTargets: Set = ["mcp-gate", "mcp-shim"]
for target in package.targets where target.type != .system && !cTargets.contains(target.name) {
    guard !embeddedTargets.contains(target.name) else { continue }
    var settings = target.swiftSettings ?? []
    settings += [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
        .strictMemorySafety(),
    ]
    target.swiftSettings = settings
}

// In CI. Not on the command line: there it would hit dependencies, whose warnings SwiftPM suppresses.
if Context.environment["MCP_WARNINGS_AS_ERRORS"] == "1" {
    for target in package.targets where target.type != .system && !cTargets.contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
