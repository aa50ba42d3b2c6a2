// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// An open journal. Reading it blocks on the disk.
@safe struct JournalReader: ~Copyable {
    private let journal: OpaquePointer

    init(flags: Int32) throws(SystemdError) {
        var journal: OpaquePointer?
        try check(unsafe sd_journal_open(&journal, flags), "open the journal")
        guard let journal = unsafe journal else { throw SystemdError("open the journal", code: ENOMEM) }
        unsafe self.journal = journal
    }

    deinit { unsafe sd_journal_close(journal) }

    /// Entries must have this value; all matches of different fields must hold.
    func match(_ field: String, _ value: String) throws(SystemdError) {
        let text = "\(field)=\(value)"
        let result = unsafe text.withCString { unsafe sd_journal_add_match(journal, $0, text.utf8.count) }
        try check(result, "filter the journal by \(text)")
    }

    /// The messages of the last entries, oldest first.
    func last(_ count: Int, since: UInt64) throws(SystemdError) -> [String] {
        try check(unsafe sd_journal_seek_tail(journal), "read the end of the journal")
        var messages: [String] = []
        while messages.count < count, try check(unsafe sd_journal_previous(journal), "read the journal") > 0 {
            var time: UInt64 = 0
            guard unsafe sd_journal_get_realtime_usec(journal, &time) >= 0, time >= since else { break }
            if let message = message() { messages.append(message) }
        }
        messages.reverse()
        return messages
    }

    private func message() -> String? {
        var data: UnsafeRawPointer?
        var length = 0
        let prefix = "MESSAGE=".utf8.count
        guard unsafe sd_journal_get_data(journal, "MESSAGE", &data, &length) >= 0, length >= prefix else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: data, count: length).dropFirst(prefix)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}
