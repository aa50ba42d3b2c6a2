// SPDX-License-Identifier: Apache-2.0
import Control

/// One backend with all there is to say about it, and its sessions.
struct BackendDetail: Codable, Shown {
    var backends: [BackendStatus]
    var sessions: [SessionStatus]

    func lines(_ view: View) -> [String] {
        let details = backends.map { $0.lines(view) + [""] }.flatMap(\.self)
        return details + SessionList(sessions: sessions).lines(view)
    }
}

extension BackendStatus: Shown {
    func lines(_ view: View) -> [String] {
        var table = Table(["", ""], hasTitles: false)
        func add(_ label: String, _ text: String, _ accent: Style.Accent = .plain) {
            table.rows.append([Table.Cell(label, .bold), Table.Cell(text, accent)])
        }
        add("backend", id)
        add("state", stateInWords(view), state.accent)
        add("server", "\(server), one per \(share.text), \(era.text) protocol")
        add("repository", repo)
        add("unit", unit ?? "-")
        add("process", pid.map { "\($0), generation \(generation), \(counted(restarts, "restart"))" } ?? "-")
        if let hibernation { add("hibernation", hibernation.inWords) }
        add("used by", usageInWords)
        add("memory", memoryInWords)
        add("limits", limits.inWords)
        if let changedToolsInWords { add("warning", changedToolsInWords, .yellow) }
        if let lastExit {
            add("last exit", "\(lastExit.inWords), \(view.ago(lastExit.at))", state.known == .failed ? .red : .plain)
        }
        let tail = (lastExit?.stderrTail ?? []).map { "    \(printable($0))" }
        return table.lines(view.style) + tail
    }

    /// Nil while all tools are what the user knows.
    var changedToolsInWords: String? {
        guard let changedTools, !changedTools.isEmpty else { return nil }
        let names = changedTools.map(printable).joined(separator: ", ")
        return "changed by the server: \(names); look with 'mcpctl tools', accept with 'mcpctl trust \(printable(id))'"
    }

    private var usageInWords: String {
        "\(counted(sessions, "session")), \(counted(holds, "hold")), \(counted(inFlight, "call")) in flight"
    }

    private var memoryInWords: String {
        "\(sizeText(memory.currentBytes)), peak \(sizeText(memory.peakBytes)), PSS \(sizeText(memory.pssBytes))"
    }

    private func stateInWords(_ view: View) -> String {
        switch state.known {
        case .idle: "idle since \(view.ago(idleSince))"
        case .hibernated: "hibernated since \(view.ago(hibernation?.since))"
        case .ready, .starting, .stopping: "\(state.text), started \(view.ago(startedAt))"
        case .stopped, .failed, nil: state.text
        }
    }
}

extension BackendExit {
    /// `killed: out of memory`, `exit status 1`.
    var inWords: String {
        switch reason.known {
        case .exit: "exit status \(status)"
        case .signal: "killed by signal \(status)"
        case .oom: "killed: out of memory\(memoryInWords)"
        case .timeout: "killed: it did not answer in time"
        case .unknown: "ended, how is not known: it had outlived a supervisor"
        case .limit: "killed: over a limit"
        case .stopped: "stopped on request"
        case nil: "\(reason.text), status \(status)"
        }
    }
}

extension BackendExit {
    private var memoryInWords: String {
        let whose = shortage?.known == .total ? "limit of all together" : "limit"
        let limit =
            limitBytes.map { "\(whose) \(sizeText($0))" } ?? (shortage?.known == .machine ? "of the machine" : nil)
        let known = [limit, peakBytes.map { "peak \(sizeText($0))" }].compactMap(\.self)
        return known.isEmpty ? "" : " (\(known.joined(separator: ", ")))"
    }
}

extension HibernationStatus {
    /// `212.0M given back`, and why not more.
    var inWords: String { "\(sizeText(reclaimedBytes)) given back" + (note.map { "; \($0)" } ?? "") }
}

extension BackendReply: Shown {
    func lines(_ view: View) -> [String] {
        let state = view.style.apply(backend.state.accent, printable(backend.state.text))
        let process = backend.pid.map { ", pid \($0)" } ?? ""
        let holds = backend.holds > 0 ? ", held \(backend.holds == 1 ? "once" : "\(backend.holds) times")" : ""
        let sleep = backend.hibernation.map { ", \($0.inWords)" } ?? ""
        return ["\(printable(backend.id)): \(state)\(process)\(holds)\(sleep)"]
    }
}
