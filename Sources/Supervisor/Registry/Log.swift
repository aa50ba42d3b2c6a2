// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import Systemd

/// The supervisor's own log: the journal, with the backend's unit on each line about it, or stderr.
///
/// Lines about a backend carry `USER_UNIT=`, so `journalctl --user -u SCOPE` shows them beside the backend's own.
public final class Log {
    private enum Destination { case journal, stderr }

    private let destination: Destination

    /// - Parameter foreground: whether a person is watching.
    public init(foreground: Bool) {
        destination = !foreground && OwnProcess.variable("JOURNAL_STREAM") != nil ? .journal : .stderr
    }

    func error(_ text: String, backend: String? = nil, unit: String? = nil) { write(3, text, backend, unit) }
    func warning(_ text: String, backend: String? = nil, unit: String? = nil) { write(4, text, backend, unit) }
    func notice(_ text: String, backend: String? = nil, unit: String? = nil) { write(5, text, backend, unit) }
    func info(_ text: String, backend: String? = nil, unit: String? = nil) { write(6, text, backend, unit) }

    /// MESSAGE_ID of a backend's end, for `journalctl MESSAGE_ID=…`.
    static let deathMessageID = "5f0c1b5e7b0b4d0f9c3a6a1d2e8f4b17"

    /// How a backend ended, with the facts as fields of the entry.
    func death(_ cause: ExitCause, backend: String, unit: String?) {
        var fields = [
            ("MESSAGE_ID", Log.deathMessageID), ("MCP_EXIT_REASON", cause.reason.rawValue),
            ("MCP_EXIT_STATUS", "\(cause.status)"),
        ]
        if let shortage = cause.shortage { fields.append(("MCP_OOM_SHORTAGE", shortage.rawValue)) }
        if let limit = cause.limit { fields.append(("MCP_OOM_LIMIT_BYTES", "\(limit)")) }
        if let peak = cause.peak { fields.append(("MCP_OOM_PEAK_BYTES", "\(peak)")) }
        write(cause.reason == .stopped ? 6 : 3, "backend \(backend) \(cause.clause)", backend, unit, fields)
    }

    /// A line of the machine's.
    func write(_ level: LogLevel, _ text: String, backend: String?, unit: String?) {
        switch level {
        case .error: error(text, backend: backend, unit: unit)
        case .warning: warning(text, backend: backend, unit: unit)
        case .notice: notice(text, backend: backend, unit: unit)
        case .info, .debug: info(text, backend: backend, unit: unit)
        }
    }

    private func write(
        _ priority: Int, _ text: String, _ backend: String?, _ unit: String?, _ more: [(String, String)] = []
    ) {
        switch destination {
        case .stderr:
            StandardError.write("mcp-supervisor: " + (backend.map { "\($0): " } ?? "") + text + "\n")
        case .journal:
            var fields = [
                ("MESSAGE", backend.map { "\($0): \(text)" } ?? text), ("PRIORITY", "\(priority)"),
                ("SYSLOG_IDENTIFIER", "mcp-supervisor"),
            ]
            if let backend { fields.append(("MCP_BACKEND", backend)) }
            if let unit { fields.append(("USER_UNIT", unit)) }
            // A log that cannot be written has nowhere to say so.
            try? Journal.send(fields + more)
        }
    }
}
