// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Listens at a backend of the stateless era: one for each of a client, one for each resource that sessions of the
/// handshake era subscribed to, and one of our own for changed lists.
extension Multiplexer {
    /// Sends a client's listen on, under an id of ours.
    mutating func listenAtBackend(_ number: UInt64, _ actions: inout Actions) {
        guard let listen = listens[number], listen.request == nil else { return }
        guard backend.phase == .ready else { return requireBackend(&actions) }
        let filter = withOwnTasks(listen.filter, of: listen.target.session)
        let id = pending.makeID()
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"subscriptions/listen\",\"params\":")
        actions.bytes.append(contentsOf: filter)
        actions.write("}")
        actions.sendToBackend(listen.target.session, from: start)
        pending.insert(Pending(owner: .listen(number)), at: id)
        listens[number]?.request = id
    }

    /// Asks to be told of changed lists, in whose place the handshake era tells unasked.
    mutating func listenForChanges(_ actions: inout Actions) {
        guard era == .modern, let handshake else { return }
        var wanted = JSONObject()
        for change in ListChange.allCases where handshake.announcesChanges(of: change.capability) {
            wanted[change.filterName] = true
        }
        guard !wanted.isEmpty else { return }
        let params: JSONValue = ["notifications": .object(wanted)]
        listens.changesRequest = sendOwn(
            Method.subscriptionsListen.rawValue, params: params.text, owner: .changes, &actions)
    }

    /// A subscription of sessions of the handshake era.
    mutating func listenForResource(_ uri: ExactText, _ token: RawToken, _ actions: inout Actions) {
        let params = "{\"notifications\":{\"resourceSubscriptions\":[\(token.text)]}}"
        let id = sendOwn(Method.subscriptionsListen.rawValue, params: params, owner: .resource(uri), &actions)
        subscriptions.entries[uri]?.request = id
    }

    mutating func stopListening(to uri: ExactText, now: Int64, _ actions: inout Actions) {
        guard let id = subscriptions.entries[uri]?.request else { return }
        subscriptions.entries[uri]?.request = nil
        cancelAtBackend(id, of: nil, now: now, &actions)
    }

    /// A notification of such a stream, told by the id of the request that it belongs to.
    mutating func handleTagged(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        guard let id = ownID(line, envelope.params.subscriptionID.range) else { return }
        // Whoever else is told: what is kept of a list is old, and the one who was told may ask at once.
        let change = envelope.knownMethod.flatMap(ListChange.init)
        if let change, lists.invalidate(change) { actions.list.append(.snapshotChanged) }
        switch pending.entries[id]?.owner {
        case .listen(let number): passTagged(number, line, envelope, &actions)
        case .changes:
            if let change { scheduleListChange(change, &actions) }
        case .resource(let uri): handleResourceStream(uri, line, envelope, now: now, &actions)
        default: break
        }
    }

    private mutating func passTagged(
        _ number: UInt64, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        guard let listen = listens[number] else { return }
        if envelope.knownMethod == .subscriptionsAcknowledged {
            // After a restart of the backend the client knows already.
            guard !listen.isAcknowledged else { return }
            listens[number]?.isAcknowledged = true
        }
        if envelope.knownMethod == .taskChanged {
            guard noteTaggedTask(line, envelope, listen.target.session, &actions) else { return }
        }
        let start = actions.bytes.count
        let tag = Edit(range: envelope.params.subscriptionID.range, replacement: .token(listen.target.id))
        actions.splice(line, envelope, tag)
        actions.sendToSession(listen.target.session, from: start)
    }

    private mutating func handleResourceStream(
        _ uri: ExactText, _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        switch envelope.knownMethod {
        case .subscriptionsAcknowledged: finishResourceListen(uri, line, envelope, now: now, &actions)
        case .resourceUpdated: passUntagged(line, envelope, &actions)
        default: break
        }
    }

    private mutating func finishResourceListen(
        _ uri: ExactText, _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        let params = try? JSONValue(parsing: line.extracting(envelope.params.range))
        let honoured = params?["notifications"]?["resourceSubscriptions"]?.arrayValue ?? []
        if honoured.contains(where: { $0.stringValue.map(ExactText.init) == uri }) {
            return endSubscriptionQuestion(uri, member: "result", Array("{}".utf8), &actions)
        }
        let text = "\(configuration.server) does not tell of changes of \(uri)"
        // The stream is open all the same, and would be for ever.
        stopListening(to: uri, now: now, &actions)
        failSubscription(uri, ErrorReply(code: .invalidParams, message: text), &actions)
    }

    /// To those who subscribed, without the other era's tag.
    private func passUntagged(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        guard let uri = ExactText(token: envelope.params.uri.range, of: line) else { return }
        let kept = MetaMembers(line, envelope.params.meta).others.map { copy(line, $0) }
        let meta = Edit(
            range: envelope.params.meta.range, replacement: .text("{".utf8 + joined(kept) + "}".utf8))
        for session in subscriptions.subscribers(of: uri)
        where !isTooLong(envelope.object.count, for: session, &actions) {
            let start = actions.bytes.count
            actions.splice(line, envelope, [meta])
            actions.sendToSession(session, from: start)
        }
    }

    // MARK: - The end of a stream

    /// The backend answers a listen. A result ends the stream in good order, and the client gets just that.
    mutating func finishStream(
        _ id: UInt64, _ owner: Pending.Owner, _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64,
        _ actions: inout Actions
    ) {
        guard case .listen(let number) = owner, let target = listens[number]?.target else {
            return endStream(id, owner, now: now, &actions)
        }
        let member = envelope.error.isEmpty ? "result" : "error"
        let value = copy(line, envelope.error.isEmpty ? envelope.result : envelope.error)
        dropListen(number, &actions)
        release(target)
        answer(target, member: member, Self.retagged(value, target.id), &actions)
    }

    /// A result of a listen says once more which request it ends.
    private static func retagged(_ result: [UInt8], _ id: RawToken) -> [UInt8] {
        let meta = ResultParts(of: result.span).meta
        let tag = MetaMembers(result.span, meta).subscriptionID
        guard tag.isPresent else { return result }
        return result[..<tag.range.lowerBound] + bytes(of: id) + result[tag.range.upperBound...]
    }

    /// Without an answer to pass on: the backend cancelled the stream, or it was one of ours.
    private mutating func endStream(_ id: UInt64, _ owner: Pending.Owner, now: Int64, _ actions: inout Actions) {
        switch owner {
        case .listen(let number):
            listens[number]?.request = nil
            endListen(number, now: now, &actions)
        case .changes: listens.changesRequest = nil
        case .resource(let uri):
            guard subscriptions.entries[uri]?.request == id else { return }
            subscriptions.entries[uri]?.request = nil
            loseSubscription(uri, &actions)
        default: break
        }
    }

    /// There is no message to say so to sessions of the handshake era; asking again could go on for ever.
    private mutating func loseSubscription(_ uri: ExactText, _ actions: inout Actions) {
        guard let entry = subscriptions.entries[uri] else { return }
        if entry.atBackend == .turningOn {
            let text = "\(configuration.server) ended the subscription to \(uri)"
            return failSubscription(uri, .failure(text, reason: "subscription_ended"), &actions)
        }
        actions.log(.notice, "the backend ended a subscription that sessions still had")
        subscriptions.entries[uri]?.atBackend = .off
        subscriptions.entries[uri]?.sessions = []
        for session in entry.sessions.sorted() { noteSubscription(uri, of: session, false, &actions) }
        settleSubscription(uri, &actions)
    }

    /// A listen that the backend refused or could not be asked.
    mutating func failStream(_ id: UInt64, _ owner: Pending.Owner, _ error: ErrorReply, _ actions: inout Actions) {
        guard case .listen(let number) = owner, let target = listens[number]?.target else {
            return endStream(id, owner, now: 0, &actions)
        }
        dropListen(number, &actions)
        release(target)
        answer(target, error, &actions)
    }

    private mutating func dropListen(_ number: UInt64, _ actions: inout Actions) {
        listens[number]?.request = nil
        removeListen(number, now: 0, &actions)
    }

    /// The process is gone. The next one is asked again.
    mutating func forgetStream(_ owner: Pending.Owner) {
        switch owner {
        case .listen(let number): listens[number]?.request = nil
        case .changes: listens.changesRequest = nil
        case .resource(let uri): subscriptions.entries[uri]?.request = nil
        default: break
        }
    }

    /// The backend's other wording: it cancels the request that the stream answers. What it still says is nothing new.
    mutating func handleBackendCancelled(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        guard let id = ownID(line, envelope.params.requestID.range), let owner = pending.entries[id]?.owner,
            era == .modern, owner.isStream
        else {
            let question = copy(line, envelope.params.requestID.range)
            withdrawQuestion(calledByBackend: question, &actions)
            return withdrawHeldQuestion(question)
        }
        _ = pending.remove(id)
        endStream(id, owner, now: now, &actions)
    }
}
