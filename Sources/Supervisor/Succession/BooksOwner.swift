// SPDX-License-Identifier: Apache-2.0

import Posix

/// The supervisor that keeps some books, as their name says it: its pid, and when it was started. A pid alone comes again,
/// in a container with every start.
struct BooksOwner: Equatable {
    private let pid: Int32
    /// Nil in names that another version gave.
    private let startTime: UInt64?

    static var ourselves: BooksOwner {
        BooksOwner(pid: OwnProcess.pid, startTime: ProcessTable.startTime(of: OwnProcess.pid))
    }

    private init(pid: Int32, startTime: UInt64?) {
        self.pid = pid
        self.startTime = startTime
    }

    /// Reads ``text``.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let pid = parts.first.flatMap({ Int32($0) }), pid > 0 else { return nil }
        guard parts.count == 2 else {
            self.init(pid: pid, startTime: nil)
            return
        }
        guard let startTime = UInt64(parts[1]) else { return nil }
        self.init(pid: pid, startTime: startTime)
    }

    var text: String { startTime.map { "\(pid)-\($0)" } ?? "\(pid)" }

    var isGone: Bool {
        guard let now = ProcessTable.startTime(of: pid) else { return true }
        return startTime.map { $0 != now } ?? false
    }
}
