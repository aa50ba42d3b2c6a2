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
        /// Whether the backend is asked about it and no request waits for what it says. In the stateless era it is told
        /// in a stream.
        var isAskedForNobody: Bool {
            switch atBackend {
            case .off, .on: false
            case .turningOn, .turningOff:
                request == nil && subscribing.isEmpty && unsubscribing.isEmpty && listens.isEmpty
            }
        }
        var isUnused: Bool { atBackend == .off && !isWanted && unsubscribing.isEmpty }
    }

    var entries: [ExactText: Entry] = [:]

    /// Whether a request about a subscription waits for a backend to run.
    var isWaiting: Bool { entries.values.contains { $0.atBackend == .off && !$0.subscribing.isEmpty } }

    /// The sessions that the backend is asked for just now; nil: one of them is gone, or not told from others.
    var underWay: Set<SessionID>? {
        var all: Set<SessionID> = []
        for entry in entries.values {
            let waiting: [SessionID]
            switch entry.atBackend {
            case .off, .on: continue
            case .turningOn where entry.listens.isEmpty: waiting = entry.subscribing.map(\.session) + entry.sessions
            case .turningOn: return nil
            case .turningOff: waiting = entry.unsubscribing.map(\.session)
            }
            guard !waiting.isEmpty else { return nil }
            all.formUnion(waiting)
        }
        return all
    }

    /// Whether a text has a word of a URI that the backend is asked about just now, or could have one.
    func mayBeNamed(in text: Span<UInt8>) -> Bool {
        entries.contains { uri, entry in
            switch entry.atBackend {
            case .off, .on: return false
            case .turningOn, .turningOff:
                guard let words = Self.words(of: uri) else { return true }
                return words.contains { text.contains($0) }
            }
        }
    }

    /// What is told of a URI, however it is told: as a path, decoded, or by its last part. The scheme says nothing.
    ///
    /// - Returns: in small letters; nil where letters may be written in several ways, or there are none.
    private static func words(of uri: ExactText) -> [[UInt8]]? {
        let bytes = Array(uri.text.utf8)
        var words: [[UInt8]] = [[]]
        var place = bytes.firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? 0
        while place < bytes.count {
            let isEscape = bytes[place] == UInt8(ascii: "%")
            let first = isEscape && place + 1 < bytes.count ? bytes[place + 1] : 0
            // Beyond ASCII, as it is or escaped.
            guard bytes[place] < 0x80, first < UInt8(ascii: "8") else { return nil }
            if bytes[place].isLetterOrDigit {
                words[words.count - 1].append(bytes[place].small)
            } else {
                words.append([])
            }
            // An escape stands for a byte between words.
            place += isEscape ? 3 : 1
        }
        words.removeAll(where: \.isEmpty)
        return words.isEmpty ? nil : words
    }

    mutating func removeUnused(_ uri: ExactText) {
        if entries[uri]?.isUnused == true { entries[uri] = nil }
    }

    /// A server may tell of a part of what was subscribed to (schema 2025-11-25, ResourceUpdatedNotification).
    func subscribers(of uri: ExactText) -> [SessionID] {
        var all: Set<SessionID> = []
        for (key, entry) in entries where key == uri || isPart(uri, of: key) { all.formUnion(entry.sessions) }
        return all.sorted()
    }

    /// The same of the clients' listens.
    func listeners(of uri: ExactText) -> [UInt64] {
        var all: Set<UInt64> = []
        for (key, entry) in entries where key == uri || isPart(uri, of: key) { all.formUnion(entry.listens) }
        return all.sorted()
    }

    private func isPart(_ uri: ExactText, of whole: ExactText) -> Bool {
        let (uri, whole) = (uri.text.utf8, whole.text.utf8)
        guard uri.starts(with: whole) else { return false }
        if whole.last == UInt8(ascii: "/") { return true }
        return uri.dropFirst(whole.count).first.map("/#?".utf8.contains) ?? true
    }

    /// A request is taken back while it waits; returned when it waited.
    mutating func detach(_ id: RawToken, of session: SessionID, _ uri: ExactText) -> ReplyTarget? {
        guard var entry = entries[uri] else { return nil }
        let waiting = (entry.subscribing + entry.unsubscribing).first { $0.session == session && $0.id == id }
        entry.subscribing.removeAll { $0 == waiting }
        entry.unsubscribing.removeAll { $0 == waiting }
        entries[uri] = entry
        return waiting
    }

    /// A session is gone. Returns the URIs that it had to do with.
    mutating func remove(_ session: SessionID) -> [ExactText] {
        var touched: [ExactText] = []
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

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }

    fileprivate var small: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension Span<UInt8> {
    /// - Parameter word: in small letters.
    fileprivate func contains(_ word: [UInt8]) -> Bool {
        guard let first = word.first, word.count <= count else { return false }
        for start in 0...count - word.count where self[start].small == first {
            if word.indices.allSatisfy({ self[start + $0].small == word[$0] }) { return true }
        }
        return false
    }
}
