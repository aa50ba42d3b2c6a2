// SPDX-License-Identifier: Apache-2.0
import Control

/// Where a backend's lines are read from.
enum LogSource {
    case journal(JournalReader)
    case file(String)
    case nowhere(identifier: String)

    init(_ reply: LogsReply) {
        if reply.journal {
            self = .journal(JournalReader(identifier: reply.identifier))
        } else if let file = reply.file {
            self = .file(file)
        } else {
            self = .nowhere(identifier: reply.identifier)
        }
    }

    func show(lines: Int, follow: Bool) throws {
        switch self {
        case .journal(let reader):
            try reader.show(lines: lines, follow: follow)
        case .file(let path):
            var tail = try FileTail(path: path)
            try tail.showLast(lines)
            if follow { try tail.follow() }
        case .nowhere(let identifier):
            throw CommandFailure(
                "cannot show the log of \(identifier): its stderr goes neither to the journal nor to a file")
        }
    }
}

extension LogsReply: Shown {
    /// Only `--json` prints the reply itself.
    func lines(_ view: View) -> [String] {
        ["identifier \(printable(identifier))"] + (file.map { ["file \(printable($0))"] } ?? [])
    }
}
