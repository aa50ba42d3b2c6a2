// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

@Suite struct ServerCommandTests {
    func command(
        argv: [String]? = ["serena", "start"], name: String? = nil, share: String? = nil, environment: [String] = [],
        raw: [String]? = nil, configuration: Configuration = Configuration()
    ) throws(ControlError) -> ServerCommand {
        try ServerCommand(
            argv: argv, name: name, share: share, environment: environment, rawEnvironment: raw,
            configuration: configuration, ignored: IgnoredEnvironment())
    }

    var configured: Configuration {
        var configuration = Configuration()
        configuration.servers["serena"] = ServerConfiguration()
        configuration.servers["serena"]?.command = ["serena", "--project", "{repo}"]
        configuration.servers["serena"]?.share = .user
        return configuration
    }

    func texts(_ entries: [[UInt8]]) -> [String] { entries.map { String(decoding: $0, as: UTF8.self) } }

    @Test func aNameComesFromTheCommandUnlessItIsGiven() throws {
        #expect(try command().name == "serena")
        #expect(try command(name: "mine").name == "mine")
    }

    @Test func aConfiguredServerNeedsNoCommand() throws {
        let command = try command(argv: nil, name: "serena", configuration: configured)
        #expect(command.command == ["serena", "--project", "{repo}"])
        #expect(command.share == .user)
    }

    @Test func theCommandLineWinsOverTheConfiguration() throws {
        let command = try command(argv: ["other"], name: "serena", share: "session", configuration: configured)
        #expect(command.command == ["other"])
        #expect(command.share == .session)
    }

    @Test func anUnknownServerIsRefusedWithTheNearest() {
        let error = #expect(throws: ControlError.self) {
            try command(argv: nil, name: "serna", configuration: configured)
        }
        guard case .noSuchServer(let server, let reason)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(server == "serna")
        #expect(reason.contains("'serena'"))
    }

    @Test func nothingToRunIsRefused() {
        #expect(throws: ControlError.self) { try command(argv: nil) }
        #expect(throws: ControlError.self) { try command(argv: []) }
    }

    @Test func sharingIsOneOfThreeWords() {
        let error = #expect(throws: ControlError.self) { try command(share: "everybody") }
        guard case .invalidParameter("share", let reason)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(reason.contains("repo, user, session"))
    }

    @Test func theEnvironmentIsSortedAndWithoutWhatIsIgnored() throws {
        let command = try command(environment: ["Z=1", "TERM=xterm", "A=2", "PWD=/x", "MULTI=a=b\nc", "EMPTY="])
        #expect(texts(command.environment) == ["A=2", "EMPTY=", "MULTI=a=b\nc", "Z=1"])
        #expect(command.ignored == ["PWD", "TERM"])
    }

    @Test func theOrderOfTheEnvironmentMakesNoDifference() throws {
        let one = try command(environment: ["A=1", "B=2"], raw: ["433dff"])
        let other = try command(environment: ["B=2", "A=1"], raw: ["433DFF"])
        #expect(one.environment == other.environment)
    }

    @Test func entriesThatAreNotTextComeInHexadecimal() throws {
        let command = try command(environment: ["B=2"], raw: ["413dff00", ""])
        #expect(command.environment == [Array("B=2".utf8)] || command.environment.contains([0x41, 0x3D, 0xFF, 0x00]))
        #expect(command.environment.contains([0x41, 0x3D, 0xFF, 0x00]))
    }

    /// A variable that got lost would share what must not be shared.
    @Test(arguments: ["4", "xx", "41zz", "+1-1", "41 3d"])
    func whatIsNotHexadecimalIsRefused(raw: String) {
        #expect(throws: ControlError.self) { try command(raw: [raw]) }
    }

    @Test func theProjectDirectoryIsTakenOutOfTheEnvironment() throws {
        let command = try command(environment: ["CLAUDE_PROJECT_DIR=/srv/a=b", "A=1"])
        #expect(command.projectDirectory == "/srv/a=b")
        #expect(texts(command.environment) == ["A=1"])
        #expect(try self.command().projectDirectory == nil)
    }
}
