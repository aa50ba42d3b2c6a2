// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Sessions that come back, start over, and go (protocol.md §2.7 d).
extension Multiplexer {
    mutating func restore(_ session: SessionID, _ value: ResumeValue, _ actions: inout Actions) {
        if relay != nil { restoreRelay(session, value) }
        guard value.isInitialized || BackendEra.modernRevisions.contains(value.protocolVersion) else { return }
        if value.isInitialized { sessions[session]?.phase = .initialized }
        sessions[session]?.protocolVersion = value.protocolVersion
        sessions[session]?.clientInfo = value.clientInfo
        sessions[session]?.clientCapabilities = value.clientCapabilities
        sessions[session]?.level = value.level
        guard relay == nil else { return }
        askForRoots(of: session, &actions)
        for uri in value.subscriptions { resubscribe(session, to: ExactText(uri), &actions) }
        updateLogLevel(&actions)
        claimTasks(value.tasks, for: session, &actions)
    }

    /// It was subscribed elsewhere.
    mutating func resubscribe(_ session: SessionID, to uri: ExactText, _ actions: inout Actions) {
        sessions[session]?.subscriptions.insert(uri)
        let token = RawToken(JSONValue.string(uri.text).text)
        subscriptions.entries[uri, default: SubscriptionTable.Entry(token: token)].sessions.insert(session)
        settleSubscription(uri, &actions)
    }

    /// The agent closed its output: nothing more comes from it, but it may still read what it asked for.
    public mutating func inputEnded(_ session: SessionID, now: Int64, into actions: inout Actions) {
        guard sessions[session] != nil else { return }
        sessions[session]?.inputHasEnded = true
        actions.list.append(.arm(.grace(session), milliseconds: configuration.inputEndedGrace))
        finishInputEnd(session, now: now, &actions)
    }

    /// Ends a session that will ask nothing more and is owed nothing more.
    mutating func finishInputEnd(_ session: SessionID, now: Int64, _ actions: inout Actions) {
        let isOver = sessions.change(session) { $0?.inputHasEnded == true && $0?.isWaiting == false }
        guard isOver == true else { return }
        actions.list.append(.disarm(.grace(session)))
        end(session, reason: "the client closed its input", now: now, &actions)
    }

    mutating func finishAllInputEnds(now: Int64, _ actions: inout Actions) {
        for session in sessions.keys { finishInputEnd(session, now: now, &actions) }
    }

    mutating func end(_ session: SessionID, reason: String, now: Int64, _ actions: inout Actions) {
        guard sessions[session] != nil else { return }
        guard !hasLeft(session) else { return letGo(session, now: now, &actions) }
        forget(session, now: now, &actions)
        actions.list.append(.endSession(session, reason: reason))
    }

    /// The session is gone: its requests are cancelled, its subscriptions and its say in the log level end.
    public mutating func close(_ session: SessionID, now: Int64, into actions: inout Actions) {
        guard let state = sessions[session] else { return }
        if state.inputHasEnded { actions.list.append(.disarm(.grace(session))) }
        forget(session, now: now, &actions)
    }

    private mutating func forget(_ session: SessionID, now: Int64, _ actions: inout Actions) {
        if relay != nil { return forgetRelayed(session, &actions) }
        clock = now
        leaveTasks(of: session, now: now, &actions)
        reset(session, now: now, &actions)
        forgetSlowReader(session, &actions)
        sessions[session] = nil
        updateLogLevel(&actions)
        drainAll(&actions)
    }

    /// Takes back everything a session did, as if it had just come.
    mutating func reset(_ session: SessionID, now: Int64, _ actions: inout Actions) {
        guard let state = sessions[session] else { return }
        let inputHasEnded = state.inputHasEnded
        forgetDeparture(of: session, &actions)
        for (id, place) in state.requests.sorted(by: { $0.key.text < $1.key.text }) {
            actions.noteSettled(session, id, isAnswered: false)
            switch place {
            case .sent(let muxID): cancelAtBackend(muxID, of: session, now: now, &actions)
            case .list(let key): lists.detachAll(of: session, key)
            case .listen(let number): removeListen(number, now: now, &actions)
            case .round(let number): forgetRound(number, &actions)
            case .queued, .handshake, .subscription, .discover: break
            }
        }
        waitingDiscovers.removeAll { $0.session == session }
        giveUpHeldCalls(of: session, now: now, &actions)
        if pending.runningBySession.count > 1 { askWhetherCancellationsAreRead(besides: nil, &actions) }
        giveUpTasks(of: session, &actions)
        forgetRoots(of: session, &actions)
        sessions[session] = SessionState()
        sessions[session]?.inputHasEnded = inputHasEnded
        for uri in subscriptions.remove(session) { settleSubscription(uri, &actions) }
    }

    mutating func cancelAtBackend(
        _ id: UInt64, of session: SessionID?, reason: String = "client disconnected", now: Int64,
        _ actions: inout Actions
    ) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\(id),")
        actions.write("\"reason\":\"\(reason)\"}}")
        actions.sendToBackend(session, from: start)
        pending.cancel(id, now: now)
        forgetQuestions(of: id, &actions)
        armTombstones(&actions)
    }
}
