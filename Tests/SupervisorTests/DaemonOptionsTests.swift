// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

@Suite struct DaemonOptionsTests {
    @Test func withoutArgumentsTheDefaultsHold() throws {
        let options = try DaemonOptions(arguments: [])
        #expect(options.launcher == nil)
        #expect(options.configurationFile == nil)
        #expect(!options.foreground)
        #expect(!options.checkConfiguration)
        #expect(options.socket == ControlPath.socket())
        #expect(options.stateDirectory.hasSuffix("/mcp-supervisor"))
        #expect(options.stateDirectory.hasPrefix("/"))
        #expect(options.configurationHome.hasPrefix("/"))
    }

    @Test(
        arguments: [
            (["--launcher", "systemd"], .systemd), (["--launcher=direct"], .direct), (["--launcher", "auto"], nil),
            (["--launcher=direct", "--launcher=auto"], nil),
        ] as [([String], LauncherKind?)])
    func theLauncherIsChosen(arguments: [String], kind: LauncherKind?) throws {
        #expect(try DaemonOptions(arguments: arguments).launcher == kind)
    }

    @Test(arguments: [["--config", "/etc/a=b.toml"], ["--config=/etc/a=b.toml"]])
    func aConfigurationFileIsNamed(arguments: [String]) throws {
        #expect(try DaemonOptions(arguments: arguments).configurationFile == "/etc/a=b.toml")
    }

    @Test func switchesStandForThemselves() throws {
        let options = try DaemonOptions(arguments: ["--foreground", "--check-config"])
        #expect(options.foreground)
        #expect(options.checkConfiguration)
    }

    @Test(
        arguments: [
            (["--launcher"], "--launcher"), (["--launcher", "docker"], "systemd or direct"),
            (["--launcher=", "direct"], "--launcher"), (["--config"], "needs a file"),
            (["--config=", "--foreground"], "needs a file"), (["--config", ""], "needs a file"),
            (["--foreground=yes"], "--foreground=yes"), (["--check-config=1"], "--check-config=1"),
            (["serena"], "serena"), (["-f"], "-f"), ([""], "unknown argument"), (["--lunch=direct"], "--lunch=direct"),
        ] as [([String], String)])
    func whatIsWrongIsSaid(arguments: [String], words: String) {
        let error = #expect(throws: UsageError.self) { try DaemonOptions(arguments: arguments) }
        #expect(error?.description.contains(words) == true, "\(error as Any)")
    }
}
