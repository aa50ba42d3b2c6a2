// SPDX-License-Identifier: Apache-2.0
import Control

/// The model as lines: never more than the terminal has rows, and none wider than it.
struct TopScreen {
    let model: TopModel
    let view: View

    func lines() -> [String] {
        let body = model.mode == .help ? Self.help : tables()
        let room = max(0, model.rows - 1)
        return (head() + body).prefix(room).map { $0.text(view.style, columns: model.columns) }
            + (model.rows > 0 ? [foot.text(view.style, columns: model.columns)] : [])
    }

    private func head() -> [StyledLine] {
        guard let sample = model.sample else { return [StyledLine([Table.Cell(model.trouble ?? "asking", .yellow)])] }
        let supervisor = sample.status.supervisor
        var facts = ["up \(spanText(Int64(supervisor.uptimeSeconds)))", sizeText(supervisor.memory.pssBytes)]
        facts += ["\(supervisor.launcher.text) launcher"] + (supervisor.draining == true ? ["draining"] : [])
        let first = StyledLine([
            Table.Cell("mcp-supervisor \(supervisor.version)", .bold),
            Table.Cell(", " + facts.joined(separator: ", ")),
        ])
        let warnings = (supervisor.warnings ?? []).prefix(2).map { StyledLine([Table.Cell("warning: \($0)", .yellow)]) }
        let trouble = model.trouble.map { [StyledLine([Table.Cell($0, .red)])] } ?? []
        return [first, StyledLine([Table.Cell(totals(sample))])] + warnings + trouble + [""]
    }

    private func totals(_ sample: TopSample) -> String {
        let status = sample.status
        let calls = status.backends.compactMap { sample.rates(of: $0).callsPerSecond }
        let load = status.backends.compactMap { sample.rates(of: $0).cpuPercent }
        let held = status.backends.compactMap { $0.memory.currentBytes ?? $0.memory.pssBytes }.reduce(0, +)
        let limit = status.supervisor.limits.memoryMax.flatMap { $0 == Limits.infinity ? nil : " of \(sizeText($0))" }
        let saved = max(0, status.savings.unsharedBytes - status.savings.sharedBytes)
        return [
            counted(status.backends.count, "backend"), counted(status.sessions.count, "session"),
            "\(Self.number(calls.isEmpty ? nil : calls.reduce(0, +))) calls/s",
            "CPU \(Self.number(load.isEmpty ? nil : load.reduce(0, +))) %", "\(sizeText(held))\(limit ?? "")",
            "sharing saves \(sizeText(saved))",
        ].joined(separator: ", ")
    }

    /// Backends as far as there is room, around the chosen one, then sessions.
    private func tables() -> [StyledLine] {
        guard model.sample != nil else { return [] }
        let room = max(0, model.rows - 1 - head().count)
        let all = backendLines()
        // The sessions get a third, or what the backends leave.
        let forBackends = min(all.count, max(room - model.sessions.count - 2, room * 2 / 3, 2))
        let shown = window(all, forBackends)
        let rest = room - shown.count - 1
        guard rest >= 2 else { return shown }
        return shown + [""] + beginning(sessionLines(), rest)
    }

    private func backendLines() -> [StyledLine] {
        guard let sample = model.sample, !model.backends.isEmpty else { return ["no backends"] }
        var table = Table([
            "  BACKEND", "STATE", Table.Column.number("SESSIONS").dispensable(3), Table.Column.number("CALLS"),
            Table.Column.number("CALLS/S").dispensable(2), Table.Column.number("CPU%"), .number("MEMORY"),
            Table.Column.number("LIMIT").dispensable(4), Table.Column.number("UP").dispensable(5),
            Table.Column("REPOSITORY").dispensable(1),
        ])
        table.cutsStartOfLast = true
        table.rows = model.backends.map { row($0, sample.rates(of: $0)) }
        let lines = table.styledLines(columns: model.columns)
        let ids: [String?] = [nil] + model.backends.map(\.id)
        return zip(lines, ids).map { line, id in
            id != nil && id == model.chosen ? line.all(.reverse) : line
        }
    }

    private func row(_ backend: BackendStatus, _ rates: TopSample.Rates) -> [Table.Cell] {
        [
            Table.Cell((backend.id == model.chosen ? "> " : "  ") + backend.id, .bold),
            Table.Cell(backend.state.text, backend.state.accent), Table.Cell("\(backend.sessions)"),
            Table.Cell("\(backend.inFlight)"), Table.Cell(Self.number(rates.callsPerSecond)),
            Table.Cell(Self.number(rates.cpuPercent)),
            Table.Cell(sizeText(backend.memory.currentBytes ?? backend.memory.pssBytes)),
            Table.Cell(backend.limits.memoryMax.map { $0 == Limits.infinity ? "-" : sizeText($0) } ?? "-"),
            Table.Cell(view.age(backend.startedAt)), Table.Cell(backend.repo),
        ]
    }

    private func sessionLines() -> [StyledLine] {
        guard !model.sessions.isEmpty else { return ["no sessions"] }
        var table = Table([
            "  SESSION", "CLIENT", Table.Column.number("PID").dispensable(2), "BACKEND", .number("CALLS"),
            Table.Column("ATTACHED").dispensable(3), Table.Column("REPOSITORY").dispensable(1),
        ])
        table.cutsStartOfLast = true
        table.rows = model.sessions.map { session in
            [
                Table.Cell("  " + session.id, session.backend == model.chosen ? .bold : .plain),
                Table.Cell(session.client.map { "\($0.name) \($0.version)" } ?? "-"), Table.Cell("\(session.pid)"),
                Table.Cell(session.backend ?? "-"), Table.Cell("\(session.inFlight)"),
                Table.Cell(view.ago(session.attachedAt)), Table.Cell(session.repo ?? session.cwd),
            ]
        }
        return table.styledLines(columns: model.columns)
    }
}

extension TopScreen {
    private var foot: StyledLine {
        if case .confirming(let id) = model.mode {
            return StyledLine([Table.Cell("stop \(id)? Calls in flight are lost. y: yes, any other key: no", .yellow)])
        }
        if let notice = model.notice {
            return StyledLine([Table.Cell(notice.text, notice.isFailure ? .red : .green)])
        }
        let keys = "q quit  ? help  arrows choose  h hibernate  w wake  s stop  n m c r sort by \(model.order.inWords)"
        return StyledLine([Table.Cell(keys, .faint)])
    }

    private static let help: [StyledLine] = [
        "  up, down, k, j, page up, page down   choose a backend",
        "  h                                    hibernate it", "  w                                    wake it",
        "  s                                    stop it, after asking",
        "  n, m, c, r                           sort by name, memory, CPU, calls a second",
        "  space                                ask the supervisor now",
        "  q, Ctrl-C                            quit", "",
        "  CALLS are in flight; CALLS/S and CPU% are since the line before. 100 % is one processor.",
        "  Sessions of the chosen backend come first.", "", "  any key: back",
    ]

    /// The titles, and as many rows as there is room for, with the chosen one among them.
    private func window(_ lines: [StyledLine], _ room: Int) -> [StyledLine] {
        guard lines.count > room, room > 1 else { return Array(lines.prefix(room)) }
        let place = model.backends.firstIndex { $0.id == model.chosen } ?? 0
        let count = room - 1
        let start = min(max(0, place - count / 2), lines.count - 1 - count)
        return [lines[0]] + lines[(start + 1)..<(start + 1 + count)]
    }

    /// As many lines as there is room for; the last says how many more there are.
    private func beginning(_ lines: [StyledLine], _ room: Int) -> [StyledLine] {
        guard lines.count > room else { return lines }
        return lines.prefix(room - 1) + [StyledLine([Table.Cell("  and \(lines.count - room + 1) more", .faint)])]
    }

    /// With one digit behind the point below ten.
    static func number(_ value: Double?) -> String {
        guard let value else { return "-" }
        guard value < 9.95 else { return "\(Int(value.rounded()))" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
