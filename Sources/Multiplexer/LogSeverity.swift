// SPDX-License-Identifier: Apache-2.0

/// The levels of `logging/setLevel` (RFC 5424), most verbose first.
enum LogSeverity: Int, Sendable, Comparable, Codable {
    case debug
    case info
    case notice
    case warning
    case error
    case critical
    case alert
    case emergency

    /// What a session gets that never set a level (protocol.md §2.2).
    static let standard = LogSeverity.info

    private static let names = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]

    init?(name: String) {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: index)
    }

    var name: String { Self.names[rawValue] }

    static func < (left: LogSeverity, right: LogSeverity) -> Bool { left.rawValue < right.rawValue }
}
