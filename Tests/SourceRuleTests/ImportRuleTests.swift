// SPDX-License-Identifier: Apache-2.0

import Testing

/// Who may import whom: what SwiftPM itself does not check.
@Suite struct ImportRuleTests {
    /// All that a target may import. One that is not here may import anything that Package.swift gives it.
    static let allowed: [String: Set<String>] = [
        "MCPWire": [],
        "Multiplexer": ["MCPWire"],
        "ToolSearch": ["MCPWire"],
        "Posix": ["CPosix"],
        "Embedding": ["CEmbedding", "Posix", "ToolSearch"],
        "mcp-shim": ["CPosix"],
        "mcp-gate": ["CPosix"],
    ]

    @Test(arguments: allowed.keys.sorted())
    func aTargetImportsOnlyWhatItMay(target: String) {
        for file in SourceTree.target(target) {
            let others = Set(file.imports).subtracting(ImportRuleTests.allowed[target] ?? [])
            #expect(others.isEmpty, "\(file.path) imports \(others.sorted())")
        }
    }

    @Test func onlySystemdImportsItsLibrary() {
        let importers = SourceTree.sources.filter { $0.imports.contains("CSystemd") }
        #expect(!importers.isEmpty)
        for file in importers { #expect(file.path.hasPrefix("Sources/Systemd/"), "\(file.path)") }
    }

    /// Foundation would triple the daemon's memory; `Glibc` and `Dispatch` have one door each.
    @Test(arguments: ["Control", "Embedding", "Supervisor", "Posix", "Systemd", "mcp-embed", "mcp-supervisor"])
    func theDaemonIsFreeOfFoundation(target: String) {
        #expect(!SourceTree.target(target).isEmpty)
        for file in SourceTree.target(target) {
            let forbidden = file.imports.filter { $0.hasPrefix("Foundation") || $0 == "Dispatch" || $0 == "Logging" }
            #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden)")
        }
    }

    @Test func onlyTheSupervisorKnowsTheMultiplexerAndTheConfigurationsFormat() {
        for file in SourceTree.sources {
            for module in ["Multiplexer", "TOMLKit", "ToolSearch"] where file.imports.contains(module) {
                let isEmbedding = module == "ToolSearch" && file.path.hasPrefix("Sources/Embedding/")
                #expect(
                    file.path.hasPrefix("Sources/Supervisor/") || isEmbedding, "\(file.path) imports \(module)")
            }
        }
    }

    @Test func onlyTheCommandLineParsesArgumentsWithAPackage() {
        for file in SourceTree.sources where file.imports.contains("ArgumentParser") {
            #expect(file.path.hasPrefix("Sources/mcpctl/"), "\(file.path)")
        }
    }
}
