// SPDX-License-Identifier: Apache-2.0

/// `Logs`: where a backend's stderr goes. The supervisor does not read it: the caller does.
public struct LogsParameters: MethodParameters {
    public typealias Reply = LogsReply
    public static let method = ControlMethod.logs
    public var backend: String
    public init(backend: String) { self.backend = backend }
}

/// Where a backend's stderr goes.
public struct LogsReply: Codable, Sendable, Equatable {
    /// The journal's `SYSLOG_IDENTIFIER`; all lines have it, the unit is missing on some of a process's last ones.
    public var identifier: String
    public var unit: String?
    /// The log file, in direct mode.
    public var file: String?
    /// Whether the lines are in the journal.
    public var journal: Bool

    public init(identifier: String, unit: String?, file: String?, journal: Bool) {
        self.identifier = identifier
        self.unit = unit
        self.file = file
        self.journal = journal
    }
}
