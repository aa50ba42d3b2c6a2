// SPDX-License-Identifier: Apache-2.0
import Control

extension SetLimitsReply: Shown {
    func lines(_ view: View) -> [String] {
        var lines = limits.lines(view)
        if let unit { lines.append("in force on \(printable(unit))") }
        if let persisted { lines.append("written to \(printable(persisted))") }
        return lines
    }
}

extension ReloadReply: Shown {
    func lines(_ view: View) -> [String] {
        files.isEmpty ? ["reloaded; there is no configuration file"] : files.map { "read \(printable($0))" }
    }
}

extension EmptyReply: Shown {
    func lines(_ view: View) -> [String] { ["draining: no new sessions; ends when the last one is over"] }
}

extension WhyReply: Shown {
    func lines(_ view: View) -> [String] {
        var table = Table(["", ""], hasTitles: false)
        table.rows = [[Table.Cell("session", .bold), Table.Cell(session)]]
        table.rows += key.entries.map { [Table.Cell($0.name, .bold), Table.Cell($0.value)] }
        table.rows.append([Table.Cell("variables", .bold), Table.Cell(Self.list(variables))])
        table.rows.append([Table.Cell("ignored", .bold), Table.Cell(Self.list(ignored))])
        return table.lines(view.style) + verdict(view)
    }

    private func verdict(_ view: View) -> [String] {
        guard let other else { return [] }
        let name = printable(other)
        if same == true { return ["", "\(name) has the same key: both share one backend"] }
        return ["", "\(name) has another key; what differs:"] + differs.map { "  \(printable($0))" }
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: " ") }
}
