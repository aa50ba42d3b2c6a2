// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `initialize`, to the backend and from the clients. A second one would overwrite the first client's capabilities at
/// the backend, so each backend sees exactly one, with a fixed profile (protocol.md §2.7 a).
extension Multiplexer {
    mutating func sendHandshake(_ actions: inout Actions) {
        actions.list.append(.arm(.handshake, milliseconds: configuration.handshakeTimeout))
        if era == .modern {
            _ = sendOwn(Method.discover.rawValue, params: "{}", owner: .handshake, &actions)
        } else {
            sendInitialize(&actions)
        }
    }

    private mutating func sendInitialize(_ actions: inout Actions) {
        let params: JSONValue = [
            "protocolVersion": .string(Handshake.newestRevision), "capabilities": declaredCapabilities,
            "clientInfo": declaredClient,
        ]
        _ = sendOwn(Method.initialize.rawValue, params: params.text, owner: .handshake, &actions)
    }

    /// The backend's answer to our `initialize`.
    mutating func finishHandshake(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        actions.list.append(.disarm(.handshake))
        guard !envelope.result.isEmpty else {
            let error = try? JSONValue(parsing: line.extracting(envelope.error))
            let text = error?["message"]?.stringValue ?? "without a message"
            return failStart("\(configuration.server) refused \(opening): \(text)", &actions)
        }
        let result = copy(line, envelope.result)
        let understood =
            era == .modern ? Handshake(discovered: result, server: configuration.server) : Handshake(result: result)
        guard let fresh = understood else {
            let lacks =
                era == .modern
                ? "\(BackendEra.newestModernRevision) among supportedVersions, or capabilities"
                : "protocolVersion or capabilities"
            return failStart("\(configuration.server) answered \(opening) without \(lacks)", &actions)
        }
        if !Handshake.revisions.contains(fresh.protocolVersion) {
            actions.log(.warning, "the backend speaks protocol revision \(fresh.protocolVersion), going on with it")
        }
        adopt(fresh, &actions)
        becomeReady(now: now, &actions)
    }

    private var opening: String { era == .modern ? "\(Method.discover.rawValue) (era = modern)" : "initialize" }

    /// Sessions that were answered from another handshake are told that the lists may differ.
    private mutating func adopt(_ fresh: Handshake, _ actions: inout Actions) {
        defer { handshake = fresh }
        guard fresh.result != handshake?.result else { return }
        if let old = handshake, old.differences(from: fresh) != [] {
            let what = old.differences(from: fresh).joined(separator: ", ")
            actions.log(.notice, "the backend is not what it was at its last start: \(what) changed")
        }
        if let old = handshake, old.capabilities != fresh.capabilities {
            for change in ListChange.allCases where fresh.has(change.capability) {
                scheduleListChange(change, &actions)
            }
        }
        actions.list.append(.snapshotChanged)
    }

    private mutating func becomeReady(now: Int64, _ actions: inout Actions) {
        if era == .legacy {
            let start = actions.bytes.count
            actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")
            actions.sendToBackend(nil, from: start)
        }
        backend.phase = .ready
        actions.list.append(.ready)
        callAtStart(&actions)
        updateLogLevel(&actions)
        let order = sessions.keys
        for session in order { answerInitialize(of: session, &actions) }
        answerWaitingDiscovers(&actions)
        listenForChanges(&actions)
        settleAllSubscriptions(&actions)
        startAllListens(&actions)
        startLists(now: now, &actions)
        drainLocally(&actions)
        for session in order { drain(session, &actions) }
        finishAllInputEnds(now: now, &actions)
    }

    mutating func failStart(_ reason: String, _ actions: inout Actions) {
        actions.list.append(.startFailed(reason: reason))
        backend.phase = .failed
    }

    mutating func handshakeTimedOut(_ actions: inout Actions) {
        guard backend.phase == .handshaking else { return }
        let milliseconds = configuration.handshakeTimeout
        let time = milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
        failStart("\(configuration.server) did not answer \(opening) within \(time)", &actions)
    }
}

// MARK: - Clients

extension Multiplexer {
    mutating func handleInitialize(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, now: Int64,
        _ actions: inout Actions
    ) {
        guard target.batch == 0 else {
            return answer(target, .invalid("Invalid request: initialize must not be in a batch"), &actions)
        }
        if sessions[target.session]?.phase != .opened {
            reset(target.session, now: now, &actions)
            updateLogLevel(&actions)
            drainAll(&actions)
        }
        noteClient(line, envelope, target.session)
        sessions[target.session]?.phase = .awaitingHandshake
        sessions[target.session]?.requests[target.id] = .handshake
        answerInitialize(of: target.session, &actions)
    }

    /// The client's `initialize`, which has been answered before its backend was known.
    ///
    /// Nothing is owed for it, whatever becomes of the backend's start. Sessions of a private backend know theirs from
    /// the beginning.
    public mutating func learn(
        handshake line: Span<UInt8>, of session: SessionID, now: Int64, into actions: inout Actions
    ) {
        guard relay == nil, sessions[session] != nil, let envelope = try? Envelope(scanning: line) else { return }
        clock = now
        noteClient(line, envelope, session)
        sessions[session]?.phase = .initialized
        actions.list.append(.sessionChanged(session))
        if handshake == nil { requireBackend(&actions) }
    }

    /// The revision that a client is answered with: its own where we know that, or our newest.
    public static func revision(for asked: String?) -> String {
        asked.flatMap { Handshake.revisions.contains($0) ? $0 : nil } ?? Handshake.newestRevision
    }

    private mutating func noteClient(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID) {
        let params = try? JSONValue(parsing: line.extracting(envelope.params.range))
        sessions[session]?.protocolVersion = Self.revision(for: params?["protocolVersion"]?.stringValue)
        sessions[session]?.clientInfo = params?["clientInfo"]?.objectValue
        sessions[session]?.clientCapabilities = Self.usable(params?["capabilities"])
    }

    /// Tasks at the client's side are not passed on.
    private static func usable(_ capabilities: JSONValue?) -> [UInt8] {
        guard var object = capabilities?.objectValue else { return [] }
        object["tasks"] = nil
        return Array(JSONValue.object(object).text.utf8)
    }

    /// Answers the session's waiting `initialize`, from the backend's handshake or the snapshot; or asks for a start.
    private mutating func answerInitialize(of session: SessionID, _ actions: inout Actions) {
        guard let state = sessions[session], state.phase == .awaitingHandshake else { return }
        guard let handshake else { return requireBackend(&actions) }
        guard let id = state.requests.first(where: { $0.value == .handshake })?.key else { return }
        let target = ReplyTarget(session: session, id: id, batch: 0)
        release(target)
        sessions[session]?.phase = .initialized
        // Kept by the shim before the client can act on the answer: the supervisor may be gone a moment later.
        actions.list.append(.sessionChanged(session))
        answer(target, result: handshake.clientResult(version: state.protocolVersion), &actions)
        if state.departure != nil { actions.list.append(.move(session)) }
    }

    /// Answers the session's waiting `initialize` with an error; the client may try again.
    mutating func failInitialize(of session: SessionID, _ error: ErrorReply, _ actions: inout Actions) {
        guard let state = sessions[session], state.phase == .awaitingHandshake else { return }
        guard let id = state.requests.first(where: { $0.value == .handshake })?.key else { return }
        let target = ReplyTarget(session: session, id: id, batch: 0)
        release(target)
        sessions[session]?.phase = .opened
        answer(target, error, &actions)
        failDeparture(of: session, error, &actions)
    }
}
