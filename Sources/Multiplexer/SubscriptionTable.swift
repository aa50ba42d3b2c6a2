// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Who is subscribed to which resource, and what the backend knows of it.
///
/// The backend has one subscription a URI for all sessions, and at most one question about it open at a time.
struct SubscriptionTable: Sendable, Codable {
    struct Entry: Sendable, Codable {
        enum AtBackend: Sendable, Codable {
            case off
            case turningOn
            case on
            case turningOff
        }

        var atBackend = AtBackend.off
        /// As a client wrote it, quotation marks included.
        let token: RawToken
        var sessions: Set<SessionID> = []
        /// Those whose `subscribe` or `unsubscribe` waits for the backend.
        var subscribing: [ReplyTarget] = []
        var unsubscribing: [ReplyTarget] = []
        /// The clients' listens that want it, by number.
        var listens: Set<UInt64> = []
        /// The listen at a backend of the stateless era.
        var request: UInt64?

        var isWanted: Bool { !sessions.isEmpty || !subscribing.isEmpty || !listens.isEmpty }
        var isUnused: Bool { atBackend == .off && !isWanted && unsubscribing.isEmpty }
    }

    var entries: [String: Entry] = [:]

    /// Whether a request about a subscription waits for a backend to run.
    var isWaiting: Bool { entries.values.contains { $0.atBackend == .off && !$0.subscribing.isEmpty } }

    mutating func removeUnused(_ uri: String) {
        if entries[uri]?.isUnused == true { entries[uri] = nil }
    }

    /// A server may tell of a part of what was subscribed to (schema 2025-11-25, ResourceUpdatedNotification).
    func subscribers(of uri: String) -> [SessionID] {
        var all: Set<SessionID> = []
        for (key, entry) in entries where key == uri || isPart(uri, of: key) { all.formUnion(entry.sessions) }
        return all.sorted()
    }

    /// The same of the clients' listens.
    func listeners(of uri: String) -> [UInt64] {
        var all: Set<UInt64> = []
        for (key, entry) in entries where key == uri || isPart(uri, of: key) { all.formUnion(entry.listens) }
        return all.sorted()
    }

    private func isPart(_ uri: String, of whole: String) -> Bool {
        guard uri.hasPrefix(whole) else { return false }
        if whole.hasSuffix("/") { return true }
        return uri.dropFirst(whole.count).first.map { "/#?".contains($0) } ?? true
    }

    /// A request is taken back while it waits; returned when it waited.
    mutating func detach(_ id: RawToken, of session: SessionID, _ uri: String) -> ReplyTarget? {
        guard var entry = entries[uri] else { return nil }
        let waiting = (entry.subscribing + entry.unsubscribing).first { $0.session == session && $0.id == id }
        entry.subscribing.removeAll { $0 == waiting }
        entry.unsubscribing.removeAll { $0 == waiting }
        entries[uri] = entry
        return waiting
    }

    /// A session is gone. Returns the URIs that it had to do with.
    mutating func remove(_ session: SessionID) -> [String] {
        var touched: [String] = []
        for uri in entries.keys.sorted() {
            guard var entry = entries[uri] else { continue }
            let isSubscriber = entry.sessions.remove(session) != nil
            let waiting = entry.subscribing.count + entry.unsubscribing.count
            entry.subscribing.removeAll { $0.session == session }
            entry.unsubscribing.removeAll { $0.session == session }
            guard isSubscriber || waiting != entry.subscribing.count + entry.unsubscribing.count else { continue }
            entries[uri] = entry
            touched.append(uri)
        }
        return touched
    }
}
