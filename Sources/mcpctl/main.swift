// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

do {
    try Mcpctl.refuseUnknownCommand(CommandLine.arguments.dropFirst())
    var command = try Mcpctl.parseAsRoot()
    try command.run()
} catch {
    let report = ExitReport.of(error)
    report.print()
    Mcpctl.exit(withError: ExitCode(report.status))
}
