// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Posix
import Testing

@testable import Supervisor

@Suite struct ConfigurationFilesTests {
    let place: TemporaryDirectory
    let files: ConfigurationFiles

    init() throws {
        place = try TemporaryDirectory()
        files = ConfigurationFiles(named: nil, configurationHome: place.path)
    }

    @Test func noFilesAreTheDefaults() throws {
        #expect(files.present.isEmpty)
        #expect(try files.read() == Configuration())
    }

    @Test func piecesComeAfterTheMainFileInTheOrderOfTheirNames() throws {
        try place.file("mcp-supervisor/config.d/20-b.toml", "idle_timeout = 3")
        try place.file("mcp-supervisor/config.d/10-a.toml", "idle_timeout = 2\nstop_timeout = 2")
        try place.file("mcp-supervisor/config.toml", "idle_timeout = 1\nstop_timeout = 1\nexit_idle_time = 1")
        try place.file("mcp-supervisor/config.d/README", "not TOML")
        try place.file("mcp-supervisor/config.d/30-c.toml~", "not TOML")
        try place.file("mcp-supervisor/config.d/.#10-a.toml", "not TOML")
        #expect(files.present.map { $0.split(separator: "/").last } == ["config.toml", "10-a.toml", "20-b.toml"])
        let configuration = try files.read()
        #expect(configuration.idleTimeout == 3000)
        #expect(configuration.stopTimeout == 2000)
        #expect(configuration.exitIdleTime == 1000)
    }

    @Test func aFileNamedOnTheCommandLineIsReadAlone() throws {
        let named = try place.file("mcp-supervisor/mine.toml", "idle_timeout = 1")
        try place.file("mcp-supervisor/config.d/10-a.toml", "idle_timeout = 2")
        let files = ConfigurationFiles(named: named, configurationHome: place.path)
        #expect(files.present == [named])
        #expect(try files.read().idleTimeout == 1000)
        #expect(files.writableLimitsFile == nil)
        #expect(self.files.writableLimitsFile == self.files.limitsFile)
    }

    @Test func aNamedFileThatIsNotThereIsAnError() {
        let files = ConfigurationFiles(named: "/does/not/exist.toml", configurationHome: place.path)
        let error = #expect(throws: ConfigurationError.self) { try files.read() }
        #expect(error?.file == "/does/not/exist.toml")
    }

    @Test func theErrorNamesTheFileThatHasIt() throws {
        try place.file("mcp-supervisor/config.toml", "idle_timeout = 1")
        let bad = try place.file("mcp-supervisor/config.d/10-a.toml", "\nidle_timeuot = 1")
        let error = #expect(throws: ConfigurationError.self) { try files.read() }
        #expect(error?.file == bad)
        #expect(error?.line == 2)
    }

    @Test func whatCannotBeReadIsAnError() throws {
        _ = try place.directory("mcp-supervisor/config.toml")
        let error = #expect(throws: ConfigurationError.self) { try files.read() }
        #expect(error?.reason == "Is a directory")
    }

    @Test func whatIsNotTextIsAnError() throws {
        try place.file("mcp-supervisor/config.toml")
        try Files.replace("\(place.path)/mcp-supervisor/config.toml", with: Array("x = \"".utf8) + [0xFF, 0x22])
        let error = #expect(throws: ConfigurationError.self) { try files.read() }
        #expect(error?.reason.contains("UTF-8") == true)
    }
}
