// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// One page of one list. Cursors are opaque and part of the key.
struct ListKey: Hashable, Sendable, Codable {
    let method: Method
    let cursor: RawToken?
}

/// The kinds of list that a backend may announce changes of.
enum ListChange: CaseIterable, Sendable, Codable {
    case tools
    case prompts
    case resources

    init?(_ method: Method) {
        switch method {
        case .toolsList, .toolsChanged: self = .tools
        case .promptsList, .promptsChanged: self = .prompts
        case .resourcesList, .resourceTemplatesList, .resourcesChanged: self = .resources
        default: return nil
        }
    }

    var capability: String {
        switch self {
        case .tools: "tools"
        case .prompts: "prompts"
        case .resources: "resources"
        }
    }

    var notification: Method {
        switch self {
        case .tools: .toolsChanged
        case .prompts: .promptsChanged
        case .resources: .resourcesChanged
        }
    }
}

/// A `tools/list` result that is kept.
public struct KeptTools: Sendable {
    /// The number of the request at the backend that brought it.
    public let request: UInt64
    public let result: [UInt8]
    /// Whether every session is told the same.
    public let isForAll: Bool
}

/// Pages that were fetched, and fetches under way with those who wait for them.
struct ListCache: Sendable, Codable {
    struct Page: Sendable, Codable {
        /// As the backend wrote it.
        let raw: [UInt8]
        /// As sessions see it: without denied tools, on one line.
        var visible: [UInt8]
        let storedAt: Int64
        /// Whether this backend process said it, rather than an earlier one.
        var isVerified: Bool
        /// How long the backend says that it may be kept (`ttlMs`).
        var lifetime: Int64 = 0
        /// Whether the backend says that it is the same for everybody (`cacheScope`).
        var isPublic = false
        /// The request that it answers, and who asked.
        var request: UInt64 = 0
        var asker: [UInt8] = []

        /// Whether one who says this of himself may have it.
        func isFor(_ other: [UInt8]) -> Bool { isPublic || asker == other }
    }

    struct Fetch: Sendable, Codable {
        /// The request at the backend; nil while it waits for one to run.
        var id: UInt64?
        var sentAt: Int64 = 0
        var waiters: [ReplyTarget] = []
        /// The members of `_meta` that say who asks, for a backend of the stateless era; empty: we do.
        var asker: [UInt8] = []
        /// Whether the list changed after it was asked for: good for those who wait, not for the cache.
        var isStale = false
        /// Whether a process died with it already.
        var isRepeated = false
    }

    private(set) var pages: [ListKey: Page] = [:]
    var fetches: [ListKey: Fetch] = [:]
    /// Fetches overtaken by a change, by the request's id; new requests do not join them.
    var overtaken: [UInt64: Fetch] = [:]
    /// Changes to be announced when the timer fires.
    var announced: Set<ListChange> = []

    var isWaiting: Bool { fetches.values.contains { $0.id == nil && !$0.waiters.isEmpty } }
    var isFetching: Bool { !overtaken.isEmpty || fetches.values.contains { $0.id != nil } }

    /// Whether lists that sessions have seen hide other tools since.
    var wereHidden = false

    /// Other tools are denied now.
    mutating func hide(_ denied: Set<String>) {
        for (key, page) in pages where key.method == .toolsList {
            let visible = ToolFilter.hide(denied, in: page.raw)
            if visible != page.visible { wereHidden = true }
            pages[key]?.visible = visible
        }
    }

    private static let mostFetches = 64
    /// Pages behind first ones that are kept, and their bytes: how many there are is up to whoever makes the cursors.
    private static let mostLaterPages = 256
    private static let mostLaterBytes = 32 << 20

    mutating func store(_ page: Page, at key: ListKey) {
        if let cursor = key.cursor, pages[key] == nil {
            let later = pages.filter { $0.key.cursor != nil }
            let bytes = later.values.reduce(page.raw.count + cursor.text.utf8.count) { $0 + $1.raw.count }
            if later.count >= Self.mostLaterPages || bytes > Self.mostLaterBytes {
                for key in later.keys { pages[key] = nil }
            }
        }
        pages[key] = page
    }

    /// A fetch under way that is too old for one who asks now: good for those who wait already.
    mutating func overtake(_ key: ListKey) {
        guard let fetch = fetches[key], let id = fetch.id else { return }
        fetches[key] = nil
        overtaken[id] = fetch
    }

    /// Whether one more may be under way; if not, lists are requests as any others.
    var hasRoom: Bool { fetches.count + overtaken.count < Self.mostFetches }

    /// The list changed: nothing of it is believed, and no fetch under way is kept. True when something was known.
    mutating func invalidate(_ change: ListChange) -> Bool {
        let known = pages.keys.filter { ListChange($0.method) == change }
        for key in known { pages[key] = nil }
        for (key, fetch) in fetches where ListChange(key.method) == change {
            guard let id = fetch.id else { continue }
            fetches[key] = nil
            overtaken[id, default: fetch].isStale = true
        }
        return !known.isEmpty
    }

    mutating func remove(_ key: ListKey) { pages[key] = nil }

    /// Pages behind a first page belong to the process that made the cursors.
    mutating func removeLaterPages(of method: Method) {
        for key in pages.keys where key.method == method && key.cursor != nil { pages[key] = nil }
    }

    /// The process that said it is gone. What it said is believed until the next one is asked.
    mutating func doubtAll() {
        for key in pages.keys { pages[key]?.isVerified = false }
    }

    /// The fetch that this answer belongs to, taken out.
    mutating func take(_ id: UInt64, _ key: ListKey) -> Fetch? {
        if let fetch = overtaken.removeValue(forKey: id) { return fetch }
        guard fetches[key]?.id == id else { return nil }
        return fetches.removeValue(forKey: key)
    }

    /// One who waited does so no more; the fetch goes on for the cache.
    mutating func detach(_ target: ReplyTarget, _ key: ListKey) {
        fetches[key]?.waiters.removeAll { $0 == target }
        for id in overtaken.keys { overtaken[id]?.waiters.removeAll { $0 == target } }
        removeUnwanted(key)
    }

    mutating func detachAll(of session: SessionID, _ key: ListKey) {
        fetches[key]?.waiters.removeAll { $0.session == session }
        for id in overtaken.keys { overtaken[id]?.waiters.removeAll { $0.session == session } }
        removeUnwanted(key)
    }

    /// A fetch that is unsent and unwanted must not start a backend.
    private mutating func removeUnwanted(_ key: ListKey) {
        if let fetch = fetches[key], fetch.id == nil, fetch.waiters.isEmpty { fetches[key] = nil }
    }
}
