// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import MCPWire
import Posix

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is wrong here, and MCP servers that other clients left behind.",
        discussion: """
            A stray is a process of this user that is an MCP server by its name, whose parent is gone, that listens on
            nothing, and that no supervisor of ours started.
            """)

    @Flag(help: "End the strays, after showing them.")
    var end = false

    @Flag(help: "Do not ask before ending them.")
    var yes = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if yes, !end { throw ValidationError("--yes goes with --end") }
    }

    func run() throws {
        var report = DoctorReport(findings: Examination.here().findings(), strays: Strays.all(), ended: nil)
        guard end, !report.strays.isEmpty else { return try show(report) }
        if !yes {
            guard StandardStream.input.isTerminal, !common.json else {
                throw CommandFailure(
                    "\(report.strays.count) strays would be ended, and nobody can be asked; give --yes, too",
                    exitStatus: ExitReport.usage)
            }
            try show(report)
            try StandardStream.error.write(Array("End these \(report.strays.count)? [y/N] ".utf8))
            guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else { return }
        } else if !common.json {
            try show(report)
        }
        report.ended = Strays.end(report.strays).map(\.pid)
        try show(report)
        let left = report.strays.filter { report.ended?.contains($0.pid) == false }
        guard left.isEmpty else {
            throw CommandFailure("\(left.count) strays could not be ended: \(left.map(\.pid))", exitStatus: 1)
        }
    }

    private func show(_ report: DoctorReport) throws {
        let document: JSONValue
        do {
            document = try JSONCoding.encode(report)
        } catch {
            throw CommandFailure("the report cannot be written down: \(error)", exitStatus: 1)
        }
        try common.show(Answer<DoctorReport>(document: document, socket: "", method: "doctor"))
    }
}

struct DoctorReport: Codable, Shown {
    var findings: [Finding]
    var strays: [Stray]
    /// The pids of those that were ended; `nil` when nothing was to be.
    var ended: [Int32]?

    func lines(_ view: View) -> [String] {
        var facts = Table(["", "", ""], hasTitles: false)
        facts.rows = findings.map { finding in
            let accent: Style.Accent =
                switch finding.level {
                case .fine: .green
                case .note: .yellow
                case .problem: .red
                }
            return [
                Table.Cell(finding.level.rawValue, accent), Table.Cell(finding.check, .bold), Table.Cell(finding.text),
            ]
        }
        guard !strays.isEmpty else { return facts.lines(view.style) + ["", "no strays"] }
        var table = Table([.number("PID"), "SERVER", .number("BELOW"), .number("MEMORY"), .number("AGE"), ""])
        table.rows = strays.map { stray in
            [
                Table.Cell("\(stray.pid)"), Table.Cell(stray.server, .bold), Table.Cell("\(stray.below)"),
                Table.Cell(sizeText(stray.pssBytes)), Table.Cell(stray.seconds.map(spanText) ?? "-"),
                Table.Cell(ended?.contains(stray.pid) == true ? "ended" : ""),
            ]
        }
        let hint = ended == nil ? ["", "Their clients are gone. 'mcpctl doctor --end' ends them."] : []
        return facts.lines(view.style) + [""] + table.lines(view.style) + hint
    }
}
