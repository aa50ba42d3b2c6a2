// SPDX-License-Identifier: Apache-2.0
import Control

extension StatusReply: Shown {
    func lines(_ view: View) -> [String] {
        var facts = Table(["", ""], hasTitles: false)
        facts.rows = supervisor.rows
        facts.rows.insert([Table.Cell("sharing saves", .bold), Table.Cell(savings.inWords)], at: 2)
        facts.rows += backends.compactMap { backend in
            backend.changedToolsInWords.map { words in
                [Table.Cell("warning", .yellow), Table.Cell("\(printable(backend.id)): \(words)")]
            }
        }
        return facts.lines(view.style) + [""] + BackendList(backends: backends).lines(view) + [""]
            + SessionList(sessions: sessions).lines(view)
    }
}

extension SupervisorStatus {
    /// The supervisor, the total limits, then what is unusual.
    fileprivate var rows: [[Table.Cell]] {
        let facts = [
            version, "pid \(pid)", "up \(spanText(Int64(uptimeSeconds)))", sizeText(memory.pssBytes),
            "\(launcher.text) launcher", "cgroup \(cgroup)",
        ]
        let enforced = limitsEnforced != false ? "" : " (not enforced by the kernel here)"
        var rows = [
            [Table.Cell("supervisor", .bold), Table.Cell(facts.joined(separator: ", "))],
            [Table.Cell("total limits", .bold), Table.Cell(limits.inWords + enforced)],
        ]
        if let pressureSources, !pressureSources.isEmpty {
            rows.append([Table.Cell("memory watch", .bold), Table.Cell(pressureSources.joined(separator: ", "))])
        }
        if let search { rows.append([Table.Cell("tool search", .bold), Table.Cell(search.inWords)]) }
        if draining == true {
            rows.append([Table.Cell("draining", .yellow), "takes no new sessions, ends when the last one is over"])
        }
        return rows + (warnings ?? []).map { [Table.Cell("warning", .yellow), Table.Cell($0)] }
    }
}

extension SearchStatus {
    fileprivate var inWords: String {
        switch stage.known {
        case .engine: "by meaning, with \(engine ?? "the engine")"
        case .table: "by words and the small table" + (problem.map { "; " + $0 } ?? "")
        case nil: stage.text + (problem.map { "; " + $0 } ?? "")
        }
    }
}

extension Savings {
    fileprivate var inWords: String {
        let saved = max(0, unsharedBytes - sharedBytes)
        return "\(sizeText(saved)): \(sizeText(sharedBytes)) instead of \(sizeText(unsharedBytes))"
    }
}

extension Limits: Shown {
    /// `MemoryMax=4.0G TasksMax=512`, or `none`.
    var inWords: String {
        let set = LimitProperty.allCases.compactMap { property in
            self[keyPath: property.keyPath].map { "\(property.rawValue)=\(property.text($0))" }
        }
        return set.isEmpty ? "none" : set.joined(separator: " ")
    }

    func lines(_ view: View) -> [String] {
        var table = Table(["", ""], hasTitles: false)
        table.rows = LimitProperty.allCases.map { property in
            let value = self[keyPath: property.keyPath].map(property.text) ?? "not set"
            return [Table.Cell(property.rawValue, .bold), Table.Cell(value)]
        }
        return table.lines(view.style)
    }
}
