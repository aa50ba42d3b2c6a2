// SPDX-License-Identifier: Apache-2.0
import Control

/// What `mcpctl list` shows.
struct BackendList: Codable, Shown {
    var backends: [BackendStatus]

    func lines(_ view: View) -> [String] {
        guard !backends.isEmpty else { return ["no backends"] }
        var table = Table([
            "BACKEND", "STATE", .number("SESSIONS"), .number("CALLS"), .number("MEMORY"), .number("LIMIT"),
            .number("UP"), "REPOSITORY",
        ])
        table.rows = backends.map { backend in
            [
                Table.Cell(backend.id, .bold), Table.Cell(backend.state.text, backend.state.accent),
                Table.Cell(String(backend.sessions)), Table.Cell(String(backend.inFlight)),
                Table.Cell(sizeText(backend.memory.currentBytes ?? backend.memory.pssBytes)),
                Table.Cell(sizeText(backend.limits.memoryMax)),
                Table.Cell(view.age(backend.startedAt)), Table.Cell(backend.repo),
            ]
        }
        table.cutsStartOfLast = true
        return table.lines(view.style, columns: view.columns)
    }
}

/// What `mcpctl sessions` shows.
struct SessionList: Codable, Shown {
    var sessions: [SessionStatus]

    func lines(_ view: View) -> [String] {
        guard !sessions.isEmpty else { return ["no sessions"] }
        var table = Table([
            "SESSION", "CLIENT", .number("PID"), "BACKEND", .number("CALLS"), "ATTACHED", "REPOSITORY",
        ])
        table.rows = sessions.map { session in
            [
                Table.Cell(session.id, .bold), Table.Cell(session.client.map { "\($0.name) \($0.version)" } ?? "-"),
                Table.Cell(String(session.pid)),
                Table.Cell(session.backend ?? session.server.map { "- (\($0))" } ?? "-"),
                Table.Cell(String(session.inFlight)), Table.Cell(view.ago(session.attachedAt)),
                Table.Cell(session.repo ?? session.cwd),
            ]
        }
        table.cutsStartOfLast = true
        return table.lines(view.style, columns: view.columns)
    }
}
