// SPDX-License-Identifier: Apache-2.0

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

    /// A line of the machine's.
    func write(_ level: LogLevel, _ text: String, backend: String?, unit: String?) {
        switch level {
        case .error: error(text, backend: backend, unit: unit)
        case .warning: warning(text, backend: backend, unit: unit)
        case .notice: notice(text, backend: backend, unit: unit)
        case .info, .debug: info(text, backend: backend, unit: unit)
        }
    }

    private func write(_ priority: Int, _ text: String, _ backend: String?, _ unit: String?) {
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
            try? Journal.send(fields)
        }
    }
}
