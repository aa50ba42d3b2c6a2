// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The package knows neither the machine that it was written on nor one that it is published to.
@Suite struct PlaceRuleTests {
    /// Spelled so that this file does not have them.
    static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/home/" + "runner", "/Us" + "ers/", "/wt" + "/"]
    static let registries = [
        "crates." + "io", "pypi." + "org", "npmjs." + "com", "registry." + "npmjs", "proxy.golang" + ".org",
        "rubygems." + "org", "docker." + "io", "files.pythonhosted" + ".org", "swiftpackageindex" + ".com",
    ]

    @Test func noFileNamesAPathOfABuildMachine() {
        for file in SourceTree.texts {
            for (number, line) in file.lines.enumerated() {
                for path in PlaceRuleTests.machinePaths where PlaceRuleTests.starts(path, in: line) {
                    Issue.record("\(file.path):\(number + 1) has \(path)")
                }
            }
        }
    }

    /// Whether an absolute path begins here: `/mnt/root/` is another.
    static func starts(_ path: String, in line: Substring) -> Bool {
        var rest = line
        while let found = rest.range(of: path) {
            let before = found.lowerBound == line.startIndex ? " " : line[line.index(before: found.lowerBound)]
            if !before.isLetter, !before.isNumber, !"._-})$*".contains(before) { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }

    @Test func noFileNamesARegistry() {
        for file in SourceTree.texts {
            for (number, line) in file.lines.enumerated() {
                for host in PlaceRuleTests.registries where line.contains(host) {
                    Issue.record("\(file.path):\(number + 1) has \(host)")
                }
            }
        }
    }

    /// Fixed names in directories that everybody may write to are traps for the next user.
    @Test func noFixedNameIsUsedInATemporaryDirectory() {
        for file in SourceTree.sources {
            for (number, line) in file.lines.enumerated() where line.contains("\"/tmp/") || line.contains("\"/var/tmp/")
            {
                #expect(line.contains("\"/tmp/mcp-supervisor-"), "\(file.path):\(number + 1)")
            }
        }
    }

    @Test(arguments: [
        "units/mcp-supervisor.socket", "units/mcp-supervisor.service", "units/mcp-supervisor-reap.service",
        "units/app-mcp.slice", "man/mcpctl.1", "man/mcp-shim.1", "man/mcp-supervisor.8", "man/mcp-supervisor.toml.5",
    ])
    func whatIsInstalledIsThere(path: String) throws {
        let file = try #require(SourceTree.texts.first { $0.path == path })
        #expect(!file.text.isEmpty)
        if path.hasPrefix("units/") { #expect(file.text.contains("Documentation=man:"), "\(path) names no manual") }
    }

    @Test func everyFileEndsWithANewline() {
        for file in SourceTree.sources + SourceTree.tests {
            #expect(
                file.text.hasSuffix("}\n") || file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(file.path)")
        }
    }
}
