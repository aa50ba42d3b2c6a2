// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Supervisor
import Systemd

let usage = """
    Usage: mcp-supervisor [--launcher auto|systemd|direct] [--config FILE] [--foreground] [--check-config]

    Lets all sessions of a repository share one MCP server. Started by its socket; see mcp-supervisor(8).

      --launcher KIND   how backends are started: in scopes of the user's systemd, or as children (default: auto)
      --config FILE     read this file only
      --foreground      stay, and log to stderr
      --check-config    read the configuration, say what is wrong with it, and exit
      --version         print the version
      --help            print this text
    """

func runProgram() -> Int32 {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.contains("--help") || arguments.contains("-h") {
        print(usage)
        return 0
    }
    if arguments.contains("--version") {
        print("mcp-supervisor \(Control.version)")
        return 0
    }
    do {
        let options = try DaemonOptions(arguments: arguments)
        return options.checkConfiguration ? checkConfiguration(options) : try runDaemon(options)
    } catch let error as UsageError {
        StandardError.write("mcp-supervisor: \(error); see mcp-supervisor --help\n")
        return 2
    } catch {
        StandardError.write("mcp-supervisor: \(error)\n")
        return 1
    }
}

func checkConfiguration(_ options: DaemonOptions) -> Int32 {
    let files = ConfigurationFiles(named: options.configurationFile, configurationHome: options.configurationHome)
    do {
        _ = try files.read()
        print(files.present.isEmpty ? "no configuration files; the defaults hold" : "fine: \(files.present)")
        return 0
    } catch {
        StandardError.write("mcp-supervisor: \(error)\n")
        return 1
    }
}

func runDaemon(_ options: DaemonOptions) throws -> Int32 {
    let loop = try EventLoop()
    let supervisor = Supervisor(options: options, loop: loop)
    loop.task(of: supervisor) { await $0.start() }
    return try loop.run()
}

// Not at top level: that would be the main actor, whose queue this program never serves.
Posix.exit(runProgram())
