// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Notifications of clients (protocol.md §2.3).
extension Multiplexer {
    mutating func handleNotification(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, now: Int64,
        _ actions: inout Actions
    ) {
        switch envelope.knownMethod {
        case .initialized: askForRoots(of: session, &actions)  // The backend got ours.
        case .cancelled: handleCancelled(line, envelope, from: session, now: now, &actions)
        case .rootsChanged: askForRoots(of: session, &actions)  // Mostly of no interest to the backend.
        case .progress: handleProgress(line, envelope, from: session, &actions)
        case .taskStatus: break  // Of tasks at the client, and there are none.
        // Servers there are that go by the method alone: nothing that is checked on its way may pass like this.
        case .some(let method) where !method.isNotification:
            actions.log(.notice, "session \(session): a request (\(method.rawValue)) without an id, ignoring")
        default: relayNotification(line, envelope, from: session, &actions)
        }
    }

    /// An unknown notification keeps its place among the session's requests; alone it starts no backend.
    mutating func relayNotification(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, _ actions: inout Actions
    ) {
        guard let state = sessions[session], state.phase != .opened || state.isModern else { return }
        if backend.phase == .ready, state.queue.isEmpty {
            relay(line, envelope, from: session, &actions)
        } else if !state.queue.isEmpty || backend.phase != .stopped {
            guard !isQueueFull(session) else {
                return actions.log(.notice, "session \(session): its queue is full, a notification is left out")
            }
            enqueue(line, envelope.object, of: session, nil, &actions)
        }
    }

    private mutating func handleCancelled(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, now: Int64,
        _ actions: inout Actions
    ) {
        let token = envelope.params.requestID
        guard token.isPresent, let (id, place) = findRequest(line, token.range, of: session) else { return }
        switch place {
        case .handshake, .discover: break  // Neither may be cancelled.
        case .queued:
            guard let queued = sessions[session]?.queue.remove(id: id), let target = queued.target else { return }
            drop(target, &actions)
            drain(session, &actions)
            drainAll(&actions)
        case .sent(let muxID):
            let start = actions.bytes.count
            actions.splice(line, envelope, Edit(range: token.range, replacement: .number(muxID)))
            actions.sendToBackend(session, from: start)
            forgetSent(muxID, now: now, &actions)
            drain(session, &actions)
            drainAll(&actions)
        case .list(let key):
            guard let target = listWaiter(id, of: session, key) else { return }
            lists.detach(target, key)
            drop(target, &actions)
        case .subscription(let uri):
            guard let target = subscriptions.detach(id, of: session, uri) else { return }
            drop(target, &actions)
            settleSubscription(uri, &actions)
        case .listen(let number):
            guard let target = listens[number]?.target else { return }
            removeListen(number, now: now, &actions)
            drop(target, &actions)
        case .round(let number):
            guard let target = removeRound(number, &actions)?.target else { return }
            drop(target, &actions)
        }
        finishInputEnd(session, now: now, &actions)
    }

    private func listWaiter(_ id: RawToken, of session: SessionID, _ key: ListKey) -> ReplyTarget? {
        let fetches = [lists.fetches[key]].compactMap(\.self) + Array(lists.overtaken.values)
        return fetches.lazy.flatMap(\.waiters).first { $0.session == session && $0.id == id }
    }

    /// The client's request with this id. Clients that keep ids as text may quote a number here or unquote a string.
    func findRequest(
        _ line: Span<UInt8>, _ range: Range<Int>, of session: SessionID
    ) -> (RawToken, SessionState.Place)? {
        guard let requests = sessions[session]?.requests else { return nil }
        let exact = RawToken(line, range)
        if let place = requests[exact] { return (exact, place) }
        let wanted = exact.plainText
        return requests.first { $0.key.plainText == wanted }.map { ($0.key, $0.value) }
    }

    /// Leaves a tombstone for a request at the backend. Its sender gets nothing more for it.
    mutating func forgetSent(_ id: UInt64, now: Int64, _ actions: inout Actions) {
        guard case .session(let target)? = pending.entries[id]?.owner else { return }
        pending.cancel(id, now: now)
        withdrawQuestions(of: id, &actions)
        sessions[target.session]?.inFlight -= 1
        drop(target, &actions)
        armTombstones(&actions)
        if pending.runningBySession.count > 1 { askWhetherCancellationsAreRead(besides: nil, &actions) }
    }

    mutating func armTombstones(_ actions: inout Actions) {
        guard pending.cancelledCount == 1 else { return }
        actions.list.append(.arm(.tombstones, milliseconds: configuration.tombstoneLifetime))
    }

    mutating func forgetTombstones(now: Int64, _ actions: inout Actions) {
        pending.removeCancelled(before: now - Int64(configuration.tombstoneLifetime))
        guard pending.cancelledCount > 0 else { return }
        actions.list.append(.arm(.tombstones, milliseconds: configuration.tombstoneLifetime))
    }
}
