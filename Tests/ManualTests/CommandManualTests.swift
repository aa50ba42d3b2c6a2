// SPDX-License-Identifier: Apache-2.0
import MCPWire
import Posix
import Testing

/// mcpctl(1) against what the built program says of itself.
@Suite struct CommandManualTests {
    struct Command: Sendable, CustomStringConvertible {
        var name: String
        var options: Set<String>
        var arguments: [String]
        var description: String { name }

        init(_ json: JSONValue) {
            name = json["commandName"]?.stringValue ?? ""
            let all = (json["arguments"]?.arrayValue ?? []).filter { $0["shouldDisplay"] == true }
            options = Set(all.flatMap(Self.names))
            arguments = all.filter { $0["kind"] == "positional" }.compactMap { $0["valueName"]?.stringValue }
        }

        /// ArgumentParser gives its `help` command an odd `-help`, too, which nobody is told about.
        private static func names(_ argument: JSONValue) -> [String] {
            (argument["names"]?.arrayValue ?? []).compactMap { name in
                switch (name["kind"]?.stringValue, name["name"]?.stringValue) {
                case ("long", let name?): "--\(name)"
                case ("short", let name?): "-\(name)"
                default: nil
                }
            }
        }
    }

    static let commands: [Command] = {
        let program = Program("\(Package.binaries)/mcpctl", ["--experimental-dump-help"])
        guard let output = try? program.output(limit: 1 << 20), let help = try? JSONValue(parsing: output) else {
            return []
        }
        return (help["command"]?["subcommands"]?.arrayValue ?? []).map(Command.init)
    }()

    @Test func theProgramTellsItsCommands() {
        #expect(Self.commands.count >= 16, "no mcpctl in \(Package.binaries); set MCP_BIN")
    }

    @Test(arguments: commands)
    func everyOptionAndArgumentOfACommandIsInItsSection(command: Command) throws {
        let manual = try Manual("mcpctl.1")
        let section = manual.section(command: command.name)
        #expect(!section.isEmpty, "mcpctl.1 has no item '.It Cm \(command.name)'")
        let documented = Manual.options(section + manual.common)
        #expect(command.options.subtracting(documented) == [], "missing in mcpctl.1, \(command.name)")
        for argument in command.arguments where !["shell", "subcommands"].contains(argument) {
            #expect(section.contains { $0.contains("Ar \(argument)") }, "missing in mcpctl.1: \(argument)")
        }
    }

    @Test(arguments: commands)
    func noOptionIsDocumentedThatTheCommandLacks(command: Command) throws {
        let documented = Manual.options(try Manual("mcpctl.1").section(command: command.name))
        #expect(documented.subtracting(command.options) == [])
    }

    @Test(arguments: commands)
    func theSynopsisNamesTheCommand(command: Command) throws {
        let synopsis = try Manual("mcpctl.1").lines.prefix { $0 != ".Sh DESCRIPTION" }
        #expect(
            synopsis.contains { $0.hasPrefix(".Cm ") && $0.split(separator: " ").contains(Substring(command.name)) })
    }
}
