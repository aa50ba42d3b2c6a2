// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Opens a stream into the journal: every line written to it becomes an entry of the process that wrote it, with this
/// identifier. A `<3>` in front of a line sets its priority.
///
/// - Parameter priority: Of lines without a prefix, a syslog(3) level.
/// - Returns: A close-on-exec descriptor that the caller owns.
/// - Throws: ENOENT or ECONNREFUSED where no journald runs.
public func journalStream(identifier: String, priority: Int32) throws(SystemdError) -> Int32 {
    try check(
        unsafe sd_journal_stream_fd(identifier, priority, 1), "open a journal stream for \(identifier)")
}

/// Structured entries of one's own, and the last lines of a backend.
public enum Journal {
    /// Writes one entry. `USER_UNIT` makes it show up in `journalctl --user -u` of that unit.
    ///
    /// - Parameter fields: Names of upper-case letters, digits and underscores; values of any text.
    public static func send(_ fields: [(String, String)]) throws(SystemdError) {
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for (name, value) in fields {
            let start = bytes.count
            bytes += name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += value.utf8
            lengths.append(bytes.count - start)
        }
        let result = unsafe bytes.withUnsafeMutableBytes { storage in
            var offset = 0
            let parts = unsafe lengths.map { length in
                defer { offset += length }
                return unsafe iovec(iov_base: storage.baseAddress?.advanced(by: offset), iov_len: length)
            }
            return unsafe parts.withUnsafeBufferPointer { unsafe sd_journal_sendv($0.baseAddress, Int32($0.count)) }
        }
        try check(result, "write to the journal")
    }

    /// The last lines that were written with an identifier by processes of this user, oldest first.
    ///
    /// By identifier, not by unit: journald does not find the unit of the last words of a process that has gone. It
    /// stores asynchronously, so what was written in the last moments may come a little later. Empty also where users
    /// may not read their journal (volatile storage).
    ///
    /// - Parameter since: CLOCK_REALTIME in microseconds; older lines are left out.
    public static func tail(
        identifier: String, unit: String? = nil, lines: Int, since: UInt64 = 0
    ) throws(SystemdError) -> [String] {
        // Users from 1000 on have files of their own, which are quick to open; the lines of others are in the system's.
        for flags in [Int32(SD_JOURNAL_LOCAL_ONLY) | Int32(SD_JOURNAL_CURRENT_USER), Int32(SD_JOURNAL_LOCAL_ONLY)] {
            let reader = try JournalReader(flags: flags)
            try reader.match("SYSLOG_IDENTIFIER", identifier)
            try reader.match("_UID", String(getuid()))
            if let unit { try reader.match("_SYSTEMD_USER_UNIT", unit) }
            let messages = try reader.last(lines, since: since)
            if !messages.isEmpty { return messages }
        }
        return []
    }
}
