// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The roots that clients named, for backends that are told of all of them.
struct RootsTable: Sendable, Codable {
    private struct Entry: Sendable, Codable {
        var roots: [JSONValue] = []
        /// The question at the client whose answer counts.
        var question: UInt64?
    }

    /// Roots of one session that are taken.
    private static let most = 100

    private var entries: [SessionID: Entry] = [:]

    /// All of them, each place once, in the order of the sessions.
    var all: [JSONValue] {
        var seen: Set<String> = []
        return entries.sorted { $0.key < $1.key }.flatMap(\.value.roots).filter { root in
            seen.insert(root["uri"]?.stringValue ?? "").inserted
        }
    }

    /// Another question is at the client; returns the one whose answer is not awaited any more.
    mutating func asked(_ session: SessionID, _ question: UInt64) -> UInt64? {
        defer { entries[session, default: Entry()].question = question }
        return entries[session]?.question
    }

    /// The client's answer; what has no place is left out.
    mutating func answered(_ session: SessionID, _ roots: [JSONValue]) {
        let usable = roots.filter { $0["uri"]?.stringValue?.isEmpty == false }
        entries[session] = Entry(roots: Array(usable.prefix(Self.most)))
    }

    /// The session is over; returns the question that is still open.
    mutating func remove(_ session: SessionID) -> UInt64? { entries.removeValue(forKey: session)?.question }
}
