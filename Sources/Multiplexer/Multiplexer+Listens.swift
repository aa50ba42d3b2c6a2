// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `subscriptions/listen`, served here where the backend is of the handshake era: the acknowledgement comes first, and
/// every message of the stream carries the client's own id for it.
extension Multiplexer {
    mutating func handleListen(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, now: Int64,
        _ actions: inout Actions
    ) {
        guard let listen = Listen(line, envelope.params.range, target) else {
            let error = ErrorReply(code: .invalidParams, message: "Invalid params: notifications is missing")
            return answer(target, error, &actions)
        }
        guard mayListen(target.session) else {
            let text = "this session has \(configuration.maximumListens) subscriptions/listen open already"
            return answer(target, .failure(text, reason: "too_many_listens"), &actions)
        }
        let number = listens.insert(listen)
        sessions[target.session]?.requests[target.id] = .listen(number)
        startListen(number, &actions)
    }

    /// Brings a listen as far as it gets: it may have to wait for a backend, to know what that offers.
    mutating func startListen(_ number: UInt64, _ actions: inout Actions) {
        guard let listen = listens[number] else { return }
        if era == .modern { return listenAtBackend(number, &actions) }
        guard !listen.isAcknowledged else { return }
        guard let handshake else { return requireBackend(&actions) }
        listens[number]?.changes = listen.changes.filter { handshake.has($0.capability) }
        guard handshake.capabilities["resources"]?["subscribe"] == true else {
            listens[number]?.resources = [:]
            return acknowledge(number, &actions)
        }
        for (uri, token) in listen.resources.sorted(by: { $0.key < $1.key }) {
            subscriptions.entries[uri, default: SubscriptionTable.Entry(token: token)].listens.insert(number)
            guard subscriptions.entries[uri]?.atBackend != .on else { continue }
            listens[number]?.undecided.insert(uri)
            settleSubscription(uri, &actions)
        }
        acknowledge(number, &actions)
    }

    mutating func startAllListens(_ actions: inout Actions) {
        for number in listens.numbers { startListen(number, &actions) }
    }

    /// Tells the client what it will get, once that is known.
    private mutating func acknowledge(_ number: UInt64, _ actions: inout Actions) {
        guard let listen = listens[number], !listen.isAcknowledged, listen.undecided.isEmpty else { return }
        listens[number]?.isAcknowledged = true
        let params: JSONObject = ["notifications": .object(listen.honoured)]
        sendTagged(.subscriptionsAcknowledged, params, to: listen, &actions)
    }

    private func sendTagged(
        _ method: Method, _ params: JSONObject, to listen: Listen, _ actions: inout Actions
    ) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"\(method.rawValue)\",\"params\":{")
        actions.bytes.append(contentsOf: tag(of: listen))
        for member in params.members {
            actions.bytes.append(contentsOf: ",".utf8)
            writeJSONString(member.key, to: &actions.bytes)
            actions.write(":\(member.value.text)")
        }
        actions.write("}}")
        actions.sendToSession(listen.target.session, from: start)
    }

    /// `"_meta":{…}` with the client's own id, of its own type.
    private func tag(of listen: Listen) -> [UInt8] {
        let id = member(ReservedMetaKey.subscriptionID.name, bytes(of: listen.target.id))
        return "\"_meta\":{".utf8 + id + "}".utf8
    }

    // MARK: - What is told

    /// A list changed: those who listen are told.
    func tellListeners(of change: ListChange, in session: SessionID, _ actions: inout Actions) {
        for number in listens.numbers {
            guard let listen = listens[number], listen.target.session == session, listen.isAcknowledged,
                listen.request == nil,
                listen.changes.contains(change)
            else { continue }
            sendTagged(change.notification, JSONObject(), to: listen, &actions)
        }
    }

    /// A resource changed: the backend's message, tagged for each who listens.
    func tellListeners(
        of uri: ExactText, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        for number in subscriptions.listeners(of: uri) {
            guard let listen = listens[number], listen.isAcknowledged,
                !isTooLong(envelope.object.count, for: listen.target.session, &actions)
            else { continue }
            let params = envelope.params
            let start = actions.bytes.count
            if params.meta.kind == .object {
                let meta = params.meta.range
                let id = member(ReservedMetaKey.subscriptionID.name, bytes(of: listen.target.id))
                actions.splice(
                    line, envelope, [insertion(of: id, in: meta, isEmpty: isEmptyObject(line, meta))])
            } else {
                actions.splice(line, envelope, [insertion(of: tag(of: listen), in: params.range, isEmpty: false)])
            }
            actions.sendToSession(listen.target.session, from: start)
        }
    }

    // MARK: - Its end

    /// The backend has answered whether it will tell of a resource.
    mutating func decideListens(of uri: ExactText, succeeded: Bool, _ actions: inout Actions) {
        for number in (subscriptions.entries[uri]?.listens ?? []).sorted() {
            listens[number]?.undecided.remove(uri)
            if !succeeded { listens[number]?.resources[uri] = nil }
            acknowledge(number, &actions)
        }
        if !succeeded { subscriptions.entries[uri]?.listens = [] }
    }

    /// Nobody wants its messages any more.
    mutating func removeListen(_ number: UInt64, now: Int64, _ actions: inout Actions) {
        guard let listen = listens[number] else { return }
        listens[number] = nil
        if let request = listen.request {
            cancelAtBackend(request, of: listen.target.session, now: now, &actions)
        }
        for uri in listen.resources.keys.sorted() {
            subscriptions.entries[uri]?.listens.remove(number)
            settleSubscription(uri, &actions)
        }
    }

    /// No start is in sight: a listen that was not acknowledged is over. The others go on when a backend does.
    mutating func failListens(_ error: ErrorReply, _ actions: inout Actions) {
        for number in listens.numbers {
            guard let listen = listens[number], !listen.isAcknowledged else { continue }
            removeListen(number, now: 0, &actions)
            release(listen.target)
            answer(listen.target, error, &actions)
        }
    }

    /// The stream is over, and not because the client wanted it. Of the two ways that the revision has to say so, each
    /// client understands at least one (protocol.md §2.7 p).
    mutating func endListen(_ number: UInt64, now: Int64, _ actions: inout Actions) {
        guard let listen = listens[number] else { return }
        removeListen(number, now: now, &actions)
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":")
        listen.target.id.write(to: &actions.bytes)
        actions.write("}}")
        actions.sendToSession(listen.target.session, from: start)
        release(listen.target)
        answer(listen.target, result: "{".utf8 + tag(of: listen) + "}".utf8, &actions)
    }
}
