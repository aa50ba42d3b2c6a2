// SPDX-License-Identifier: Apache-2.0
import Testing

/// mcp-supervisor.toml(5) against the sources that read the configuration.
@Suite struct ConfigurationManualTests {
    /// The string literals between a declaration and the bracket at the start of a line, or the end of its line.
    private func literals(after declaration: String, in path: String) throws -> [String] {
        let text = try Package.text(path)
        let parts = text.split(separator: declaration, maxSplits: 1)
        guard parts.count == 2, let list = parts[1].split(separator: "]", maxSplits: 1).first else { return [] }
        let quoted = list.split(separator: "\"", omittingEmptySubsequences: false)
        return quoted.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    @Test(arguments: ["keys", "limitKeys", "serverKeys"])
    func everyKeyIsInTheManual(list: String) throws {
        let source = "Sources/Supervisor/Configuration/Configuration+Reading.swift"
        let keys = try literals(after: "static let \(list) = [", in: source)
        #expect(!keys.isEmpty, "\(source) declares no \(list)")
        let manual = try Manual("mcp-supervisor.toml.5")
        // The tables are sections of their own.
        for key in keys where !["defaults", "server"].contains(key) {
            #expect(manual.mentions("Cm", key), "missing in mcp-supervisor.toml.5: \(key)")
        }
        #expect(manual.lines.contains(".Cm [defaults]") && manual.lines.contains { $0.contains("[server.NAME]") })
    }

    @Test func everyIgnoredVariableIsInTheManual() throws {
        let source = "Sources/Supervisor/Sharing/IgnoredEnvironment.swift"
        let names = try literals(after: "builtIn: [String] = [", in: source)
        #expect(names.count > 50)
        let manual = try Manual("mcp-supervisor.toml.5")
        for name in names {
            #expect(manual.mentions("Ev", name), "missing in mcp-supervisor.toml.5: \(name)")
        }
    }
}
