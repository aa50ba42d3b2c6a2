// SPDX-License-Identifier: Apache-2.0
import Posix

/// Shows journal lines through journalctl(1), and says why when there are none.
struct JournalReader {
    let identifier: String

    private enum Finding {
        case lines
        case nothing
        /// This user may not open the journal.
        case closed
    }

    /// The ways to a user's lines. `--user` reads the user's own journal, which journald keeps only in persistent
    /// storage and only for users that are no system users; otherwise the system's journal has them, for those who
    /// may read it.
    private var ways: [[String]] {
        ["--user", "_UID=\(OwnProcess.uid)"].map { [$0, "SYSLOG_IDENTIFIER=\(identifier)"] }
    }

    func show(lines: Int, follow: Bool) throws {
        let options = ["--lines=\(lines)"] + (follow ? ["--follow"] : [])
        let findings = try ways.map { (way: $0, finding: try probe($0)) }
        let readable = findings.first { $0.finding == .lines } ?? findings.first { follow && $0.finding == .nothing }
        guard let readable, !(readable.finding == .nothing && isVolatile) else {
            throw CommandFailure("the journal shows nothing of \(identifier): \(reason(findings.map(\.finding)))")
        }
        try Program("journalctl", options + readable.way).replaceThisProcess()
    }

    /// With `--quiet`, journalctl says nothing but lines, and that it may not open the journal.
    private func probe(_ way: [String]) throws -> Finding {
        let output = try Program("journalctl", ["--quiet", "--no-pager", "--lines=1", "--output=cat"] + way).output()
        if output.isEmpty { return .nothing }
        return output.hasPrefix("No journal files were") ? .closed : .lines
    }

    private var isVolatile: Bool { Files.identity("/var/log/journal") == nil }

    private func reason(_ findings: [Finding]) -> String {
        if isVolatile {
            return "it is volatile, and users cannot read their own lines in /run/log/journal; "
                + "set Storage=persistent in journald.conf, or read it as root or in group systemd-journal"
        }
        if !findings.contains(.nothing) { return "this user may not read it; ask to be in group systemd-journal" }
        return "the backend has written nothing yet, or its lines are already rotated away"
    }
}
