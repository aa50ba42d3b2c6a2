// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `resources/subscribe` and `unsubscribe`, counted over the sessions.
extension Multiplexer {
    mutating func handleSubscribe(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        let range = envelope.params.uri.range
        guard let uri = ExactText(token: range, of: line) else { return forward(line, envelope, target, &actions) }
        guard maySubscribe(target.session, to: uri) else {
            let text = "this session is subscribed to \(configuration.maximumSubscriptions) resources already"
            return answer(target, .failure(text, reason: "too_many_subscriptions"), &actions)
        }
        var entry = subscriptions.entries[uri] ?? SubscriptionTable.Entry(token: RawToken(line, range))
        if entry.atBackend == .on {
            entry.sessions.insert(target.session)
            subscriptions.entries[uri] = entry
            noteSubscription(uri, of: target.session, true, &actions)
            return answer(target, result: "{}", &actions)
        }
        entry.subscribing.append(target)
        subscriptions.entries[uri] = entry
        sessions[target.session]?.requests[target.id] = .subscription(uri)
        settleSubscription(uri, &actions)
    }

    /// What a client asks for and never takes back must not grow without end.
    private func maySubscribe(_ session: SessionID, to uri: ExactText) -> Bool {
        guard let state = sessions[session] else { return false }
        // Requests that wait count, too: some of them may be such.
        let count = state.subscriptions.count + state.requests.count
        return count < configuration.maximumSubscriptions || state.subscriptions.contains(uri)
    }

    mutating func handleUnsubscribe(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        let range = envelope.params.uri.range
        guard let uri = ExactText(token: range, of: line) else { return forward(line, envelope, target, &actions) }
        overtakeSubscribing(uri, of: target.session, &actions)
        let wasSubscribed = subscriptions.entries[uri]?.sessions.remove(target.session) != nil
        noteSubscription(uri, of: target.session, false, &actions)
        guard wasSubscribed, let entry = subscriptions.entries[uri], entry.atBackend == .on, !entry.isWanted else {
            subscriptions.removeUnused(uri)
            return answer(target, result: "{}", &actions)
        }
        subscriptions.entries[uri]?.unsubscribing.append(target)
        sessions[target.session]?.requests[target.id] = .subscription(uri)
        settleSubscription(uri, &actions)
    }

    /// A client that unsubscribes before its subscribe was answered wants the last word to count.
    private mutating func overtakeSubscribing(_ uri: ExactText, of session: SessionID, _ actions: inout Actions) {
        let overtaken = subscriptions.entries[uri]?.subscribing.filter { $0.session == session } ?? []
        subscriptions.entries[uri]?.subscribing.removeAll { $0.session == session }
        for target in overtaken {
            release(target)
            answer(target, result: "{}", &actions)
        }
    }

    mutating func noteSubscription(
        _ uri: ExactText, of session: SessionID, _ isSubscribed: Bool, _ actions: inout Actions
    ) {
        guard let has = sessions[session]?.subscriptions.contains(uri), has != isSubscribed else { return }
        if isSubscribed {
            sessions[session]?.subscriptions.insert(uri)
        } else {
            sessions[session]?.subscriptions.remove(uri)
        }
        actions.list.append(.sessionChanged(session))
    }

    /// Asks the backend for what the sessions want of it, one question at a time.
    mutating func settleSubscription(_ uri: ExactText, _ actions: inout Actions) {
        guard let entry = subscriptions.entries[uri] else { return }
        switch entry.atBackend {
        case .off where entry.isWanted:
            guard backend.phase == .ready else { return requireBackend(&actions) }
            subscriptions.entries[uri]?.atBackend = .turningOn
            if era == .modern { return listenForResource(uri, entry.token, &actions) }
            sendSubscription(.resourcesSubscribe, uri, entry.token, &actions)
        case .on where !entry.isWanted && era == .modern:
            stopListening(to: uri, now: 0, &actions)
            endUnsubscribing(uri, &actions)
        case .on where !entry.isWanted:
            guard backend.phase == .ready else { return }
            subscriptions.entries[uri]?.atBackend = .turningOff
            sendSubscription(.resourcesUnsubscribe, uri, entry.token, &actions)
        default: subscriptions.removeUnused(uri)
        }
    }

    /// A backend of the stateless era is not asked: the listen is cancelled, and that is all.
    private mutating func endUnsubscribing(_ uri: ExactText, _ actions: inout Actions) {
        subscriptions.entries[uri]?.atBackend = .turningOff
        endSubscriptionQuestion(uri, member: "result", Array("{}".utf8), &actions)
    }

    private mutating func sendSubscription(
        _ method: Method, _ uri: ExactText, _ token: RawToken, _ actions: inout Actions
    ) {
        let params = "{\"uri\":\(token.text)}"
        _ = sendOwn(method.rawValue, params: params, owner: .subscription(uri), &actions)
    }

    /// Questions whose answer nobody waits for: a server that never gives one must not count as busy for ever.
    var unawaitedSubscriptionQuestions: Int {
        guard pending.subscriptionCount > 0 else { return 0 }
        return subscriptions.entries.values.count(where: \.isAskedForNobody)
    }

    /// A new backend knows of no subscription yet.
    mutating func settleAllSubscriptions(_ actions: inout Actions) {
        for uri in subscriptions.entries.keys.sorted() { settleSubscription(uri, &actions) }
    }

    mutating func finishSubscription(
        _ uri: ExactText, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        if envelope.result.isEmpty {
            endSubscriptionQuestion(uri, member: "error", copy(line, envelope.error), &actions)
        } else {
            endSubscriptionQuestion(uri, member: "result", copy(line, envelope.result), &actions)
        }
    }

    mutating func failSubscription(_ uri: ExactText, _ error: ErrorReply, _ actions: inout Actions) {
        var bytes: [UInt8] = []
        error.write(to: &bytes)
        endSubscriptionQuestion(uri, member: "error", Array(bytes.dropFirst("\"error\":".utf8.count)), &actions)
    }

    mutating func endSubscriptionQuestion(
        _ uri: ExactText, member: String, _ value: [UInt8], _ actions: inout Actions
    ) {
        guard var entry = subscriptions.entries[uri] else { return }
        let wasTurningOn = entry.atBackend == .turningOn
        let succeeded = member == "result"
        let waiters = wasTurningOn ? entry.subscribing : entry.unsubscribing
        if wasTurningOn {
            entry.atBackend = succeeded ? .on : .off
            entry.subscribing = []
            // A subscription of an earlier process that this one refuses is over, and there is no message to say so.
            entry.sessions = succeeded ? entry.sessions.union(waiters.map(\.session)) : []
        } else {
            entry.atBackend = .off
            entry.unsubscribing = []
        }
        let lost = subscriptions.entries[uri]?.sessions.subtracting(entry.sessions) ?? []
        subscriptions.entries[uri] = entry
        for session in lost { noteSubscription(uri, of: session, false, &actions) }
        for waiter in waiters {
            release(waiter)
            if wasTurningOn, succeeded { noteSubscription(uri, of: waiter.session, true, &actions) }
            answer(waiter, member: member, value, &actions)
        }
        if wasTurningOn { decideListens(of: uri, succeeded: succeeded, &actions) }
        settleSubscription(uri, &actions)
    }
}
