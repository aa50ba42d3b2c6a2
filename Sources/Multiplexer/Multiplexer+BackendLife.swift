// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The backend's process comes and goes (protocol.md §2.7 e).
extension Multiplexer {
    /// The backend's pipes are there. `generation` counts its starts.
    ///
    /// - Parameter era: what it speaks; nil: what was thought so far.
    public mutating func backendStarted(
        generation: Int, era: BackendEra? = nil, now: Int64, into actions: inout Actions
    ) {
        if backend.phase == .handshaking || backend.phase == .ready {
            let end = BackendEnd(message: "the backend was replaced", reason: "replaced", willRestart: true)
            if relay == nil { failPending(end, &actions) } else { relayEnded(end, now: now, &actions) }
        }
        backend = BackendState()
        backend.generation = generation
        if relay != nil { return relayStarted(&actions) }
        backend.phase = .handshaking
        if let era { self.era = era }
        sendHandshake(&actions)
    }

    /// The backend died, was stopped, or could not be started. Every request that was at it is answered, once.
    public mutating func backendEnded(_ end: BackendEnd, now: Int64, into actions: inout Actions) {
        if backend.phase == .handshaking { actions.list.append(.disarm(.handshake)) }
        let generation = backend.generation
        backend = BackendState()
        backend.generation = generation
        if relay != nil { return relayEnded(end, now: now, &actions) }
        defer { finishDepartures(now: now, &actions) }
        failPending(end, &actions)
        if end.willRestart {
            if needsBackend || !subscriptions.entries.isEmpty || listens.wantBackend(of: era) {
                requireBackend(&actions)
            }
        } else {
            failWaiting(end, &actions)
        }
        finishAllInputEnds(now: now, &actions)
    }

    /// What was at the backend.
    private mutating func failPending(_ end: BackendEnd, _ actions: inout Actions) {
        let error = end.errorReply(generation: backend.generation, retryable: end.willRestart)
        let isFetching = lists.isFetching
        let isStateLost = noteLostState()
        let open = pending.removeAll().filter { $0.pending.cancelledAt == nil }
        noteDeaths(open)
        // The last one first: those that are asked again keep their order in front of the queue.
        let repeated = end.willRestart ? Set(open.reversed().filter { askAgain($0.id, $0.pending) }.map(\.id)) : []
        for (id, entry) in open where !repeated.contains(id) {
            switch entry.owner {
            case .session(let target):
                settleSent(target)
                answer(target, errorOfDeath(error, entry), &actions)
            case .local(let token): replyLocally(token, error, &actions)
            case .list(let key): failFetch(id, key, error, &actions)
            case .listen, .changes, .resource: forgetStream(entry.owner)
            case .subscription, .handshake, .start, .held, .marker, .lost, .nobody: break
            }
        }
        heldCalls = [:]
        loseTasks(error, &actions)
        withdrawAllQuestions(&actions)
        failRounds(error, &actions)
        if isFetching { actions.list.append(.disarm(.lists)) }
        lists.doubtAll()
        endAllSubscriptionQuestions(error, &actions)
        if isStateLost { refuseWaiting(error, &actions) }
    }

    /// What had not been sent yet, when no start is in sight.
    private mutating func failWaiting(_ end: BackendEnd, _ actions: inout Actions) {
        let error = end.errorReply(generation: backend.generation, retryable: false)
        for session in sessions.keys {
            failInitialize(of: session, error, &actions)
            for line in sessions[session]?.queue.removeAll() ?? [] {
                guard let target = line.target else { continue }
                release(target)
                answer(target, error, &actions)
            }
        }
        for (_, fetch) in lists.fetches.sorted(by: { $0.key.method.rawValue < $1.key.method.rawValue }) {
            failWaiters(fetch.waiters, error, &actions)
        }
        lists.fetches = [:]
        for uri in subscriptions.entries.keys.sorted() { failSubscribing(uri, error, &actions) }
        failListens(error, &actions)
        failWaitingDiscovers(error, &actions)
        for request in localQueue { replyLocally(request.token, error, &actions) }
        localQueue = []
    }

    /// Subscriptions outlive the process; questions about them do not. One who wanted to be rid of a subscription is.
    private mutating func endAllSubscriptionQuestions(_ error: ErrorReply, _ actions: inout Actions) {
        for uri in subscriptions.entries.keys.sorted() {
            guard let entry = subscriptions.entries[uri] else { continue }
            let leaving = entry.unsubscribing
            subscriptions.entries[uri]?.atBackend = .off
            subscriptions.entries[uri]?.unsubscribing = []
            if entry.atBackend == .turningOn { failSubscribing(uri, error, &actions) }
            for target in leaving {
                release(target)
                answer(target, result: "{}", &actions)
            }
            subscriptions.removeUnused(uri)
        }
    }

    private mutating func failSubscribing(_ uri: ExactText, _ error: ErrorReply, _ actions: inout Actions) {
        let waiters = subscriptions.entries[uri]?.subscribing ?? []
        subscriptions.entries[uri]?.subscribing = []
        failWaiters(waiters, error, &actions)
        subscriptions.removeUnused(uri)
    }

    mutating func failFetch(_ id: UInt64, _ key: ListKey, _ error: ErrorReply, _ actions: inout Actions) {
        guard let fetch = lists.take(id, key) else { return }
        failWaiters(fetch.waiters, error, &actions)
    }

    private mutating func failWaiters(_ waiters: [ReplyTarget], _ error: ErrorReply, _ actions: inout Actions) {
        for waiter in waiters {
            release(waiter)
            answer(waiter, error, &actions)
        }
    }
}
