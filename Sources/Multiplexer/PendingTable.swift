// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Whom a request's answer is for: a session, the id as the client wrote it, and the batch it came in (0: none).
struct ReplyTarget: Sendable, Equatable, Codable {
    let session: SessionID
    let id: RawToken
    let batch: UInt32
    var form: AnswerForm = []
}

/// A request at the backend whose answer has not come.
struct Pending: Sendable, Codable {
    enum Owner: Sendable, Codable {
        case session(ReplyTarget)
        case local(UInt64)
        /// A tool that is called after each start.
        case start(tool: String)
        case handshake
        case list(ListKey)
        case subscription(ExactText)
        /// A listen of a client, at a backend that serves it itself.
        case listen(UInt64)
        /// Our own listen for changed lists, and one for a resource.
        case changes
        case resource(ExactText)
        /// The client was asked something, and comes back with the handle.
        case held(SessionID, handle: String)
        /// A ping behind cancellations of this session's requests; nil: of those in our own line.
        case marker(SessionID?)
        /// Somebody's whom another supervisor knew, and who was told that the answer is lost.
        case lost
        /// Nobody waits for the answer.
        case nobody

        /// Whether the answer comes at the end of a stream only: such a request is no work under way.
        var isStream: Bool {
            switch self {
            case .listen, .changes, .resource: true
            default: false
            }
        }

        /// Whether somebody asked for it whom the backend may want to tell or ask something meanwhile.
        var isCaller: Bool {
            switch self {
            case .session, .local, .start, .held, .lost: true
            default: false
            }
        }
    }

    var owner: Owner
    /// Whether it is one in which the backend may ask its caller something, and one of a tool that does.
    var isCall = false
    var isAlone = false
    /// Whether denied tools must be taken out of its answer.
    var listsTools = false
    /// The request as it came, where it may be asked again of the next process.
    var repeatable: [UInt8]?
    /// Whether a process died with it already.
    var isRepeated = false
    /// The client's own token, to be put back into progress notifications.
    var progressToken: RawToken?
    /// When it was cancelled: the answer, should it come, is nobody's any more.
    var cancelledAt: Int64?
    /// The last id given before that; whether a ping was sent behind the cancellation, and when the backend was seen to
    /// have read that far.
    var cancelledAfter: UInt64 = 0
    var isMarked = false
    var cancellationReadAt: Int64?
    /// Whether it is counted among those that may be running. A cancelled one is until it has had time to stop.
    var isCounted = true
    /// The client's request as it came, where the backend's answer may be a question, and how often it was one.
    var request: [UInt8]?
    var round = 0
    /// Of a tool call.
    var call: CountedCall?
    /// What it has to do with tasks.
    var task: TaskRole?
    /// What the backend wanted of the client and did not get.
    var refused: ClientFeature?

    /// Whether somebody may still be asked on its behalf although no client waits for its answer.
    var isUnclaimed: Bool {
        guard isCounted, owner.isCaller else { return false }
        if case .session = owner { return cancelledAt != nil }
        return true
    }
}

/// Every request at the backend, by the id that we gave it. Ids are never used twice, whatever backend lives.
struct PendingTable: Sendable, Codable {
    private(set) var entries: [UInt64: Pending] = [:]
    private(set) var lastID: UInt64 = 0
    /// Requests that may be running for a session, cancelled ones included; for the attribution of log messages.
    private(set) var runningBySession: [SessionID: Int] = [:]
    private(set) var runningLocally = 0
    private(set) var cancelledCount = 0
    /// Cancelled requests of somebody that may still be running, as far as we know.
    private(set) var lingering: Set<UInt64> = []
    /// Calls that are neither answered nor cancelled, and those that must be alone: all of one session.
    private(set) var runningCalls = 0
    private(set) var alone: Set<UInt64> = []
    private(set) var streamCount = 0
    /// Questions about subscriptions, whose sessions the table of those knows.
    private(set) var subscriptionCount = 0
    /// Those that may be running and that no client waits for (``Pending/isUnclaimed``), and how often that set changed.
    private(set) var unclaimed: Set<UInt64> = []
    private(set) var unclaimedRevision = 0

    init() { entries.reserveCapacity(128) }

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// Ids up to this one were given by another process, and may still be answered.
    mutating func skip(to id: UInt64) { lastID = max(lastID, id) }

    mutating func insert(_ pending: Pending, at id: UInt64) {
        entries[id] = pending
        count(pending.owner, by: 1)
        if pending.isCall { runningCalls += 1 }
        if pending.isAlone { alone.insert(id) }
        reviewClaim(of: id, pending.isUnclaimed)
    }

    mutating func remove(_ id: UInt64) -> Pending? {
        guard let pending = entries.removeValue(forKey: id) else { return nil }
        if pending.isCounted { count(pending.owner, by: -1) }
        if pending.cancelledAt != nil {
            cancelledCount -= 1
            lingering.remove(id)
        } else {
            noteOver(pending, id)
        }
        reviewClaim(of: id, false)
        return pending
    }

    /// Leaves a tombstone: the id stays known until the answer comes.
    mutating func cancel(_ id: UInt64, now: Int64) {
        guard let index = entries.index(forKey: id), entries.values[index].cancelledAt == nil else { return }
        if entries.values[index].owner.isStream { reassign(id, to: .nobody) }
        noteOver(entries.values[index], id)
        entries.values[index].cancelledAt = now
        entries.values[index].cancelledAfter = lastID
        if entries.values[index].owner.isCaller { lingering.insert(id) }
        cancelledCount += 1
        reviewClaim(of: id, entries.values[index].isUnclaimed)
    }

    private mutating func noteOver(_ pending: Pending, _ id: UInt64) {
        if pending.isCall { runningCalls -= 1 }
        if pending.isAlone { alone.remove(id) }
    }

    /// Everything, oldest first; the table is empty afterwards.
    mutating func removeAll() -> [(id: UInt64, pending: Pending)] {
        let all = entries.sorted { $0.key < $1.key }.map { (id: $0.key, pending: $0.value) }
        entries.removeAll(keepingCapacity: true)
        runningBySession.removeAll()
        runningLocally = 0
        cancelledCount = 0
        lingering = []
        runningCalls = 0
        alone = []
        streamCount = 0
        subscriptionCount = 0
        for id in unclaimed { reviewClaim(of: id, false) }
        return all
    }

    private mutating func reviewClaim(of id: UInt64, _ isUnclaimed: Bool) {
        guard isUnclaimed || !unclaimed.isEmpty else { return }
        let isOther = isUnclaimed ? unclaimed.insert(id).inserted : unclaimed.remove(id) != nil
        if isOther { unclaimedRevision += 1 }
    }

    mutating func removeCancelled(before time: Int64) {
        for (id, pending) in entries where pending.cancelledAt.map({ $0 <= time }) ?? false { _ = remove(id) }
    }

    private mutating func count(_ owner: Pending.Owner, by difference: Int) {
        switch owner {
        case .session(let target): count(target.session, by: difference)
        case .local, .start, .lost: runningLocally += difference
        case .held(let session, _): count(session, by: difference)
        case .listen, .changes, .resource: streamCount += difference
        case .subscription: subscriptionCount += difference
        default: break
        }
    }

    private mutating func count(_ session: SessionID, by difference: Int) {
        let running = (runningBySession[session] ?? 0) + difference
        runningBySession[session] = running == 0 ? nil : running
    }
}

extension PendingTable {
    /// The answer is for another now.
    mutating func reassign(_ id: UInt64, to owner: Pending.Owner) {
        guard let old = entries[id]?.owner else { return }
        count(old, by: -1)
        entries[id]?.owner = owner
        count(owner, by: 1)
        reviewClaim(of: id, entries[id]?.isUnclaimed == true)
    }

    mutating func keep(_ request: [UInt8], round: Int, at id: UInt64) {
        entries[id]?.request = request
        entries[id]?.round = round
    }

    mutating func note(_ progressToken: RawToken?, at id: UInt64) { entries[id]?.progressToken = progressToken }

    mutating func noteRefusal(of feature: ClientFeature, at id: UInt64) { entries[id]?.refused = feature }

    /// What the backend says of a cancelled request counts as said by one that runs, or no longer does.
    mutating func setCounted(_ isCounted: Bool, at id: UInt64) {
        guard let entry = entries[id], entry.cancelledAt != nil, entry.isCounted != isCounted else { return }
        entries[id]?.isCounted = isCounted
        count(entry.owner, by: isCounted ? 1 : -1)
        if isCounted { lingering.insert(id) } else { lingering.remove(id) }
        reviewClaim(of: id, entries[id]?.isUnclaimed == true)
    }

    mutating func noteCancellationMarked(at id: UInt64) { entries[id]?.isMarked = true }

    mutating func noteCancellationRead(at id: UInt64, now: Int64) { entries[id]?.cancellationReadAt = now }
}
