// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a session sends, sorted.
extension Multiplexer {
    mutating func handle(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, batch: UInt32, now: Int64,
        _ actions: inout Actions
    ) {
        switch envelope.kind {
        case .request: handleRequest(line, envelope, from: session, batch: batch, now: now, &actions)
        case .notification: handleNotification(line, envelope, from: session, now: now, &actions)
        case .response: handleClientResponse(line, envelope, from: session, now: now, &actions)
        case .invalid: refuse(line, envelope, from: session, batch: batch, &actions)
        }
    }

    /// Whether a request is refused whatever it asks for: whoever answers requests in our place leaves it to us.
    public func refuses(_ line: Span<UInt8>, from session: SessionID) -> Bool {
        guard relay == nil, let envelope = try? Envelope(scanning: line), envelope.kind == .request else {
            return false
        }
        guard envelope.hasUsableID, sessions[session]?.requests[RawToken(line, envelope.id)] == nil else { return true }
        if AnswerForm(of: envelope).contains(.modern) {
            return refusal(of: MetaMembers(line, envelope.params.meta), line) != nil
        }
        return sessions[session]?.phase == .opened && envelope.knownMethod != .initialize
    }

    /// A message that is JSON and no message. With an id its sender may be waiting, so it is answered.
    private mutating func refuse(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, batch: UInt32,
        _ actions: inout Actions
    ) {
        let fault = envelope.fault.map { "\($0)" } ?? "shapeless"
        actions.log(.notice, "session \(session): refused a malformed message (\(fault))")
        guard envelope.idKind != nil, envelope.result.isEmpty, envelope.error.isEmpty else { return }
        let target = ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: batch)
        openBatchElement(target)
        actions.noteOpened(target)
        answer(target, .invalid("Invalid request: \(fault)"), &actions)
    }

    private mutating func handleRequest(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, batch: UInt32, now: Int64,
        _ actions: inout Actions
    ) {
        let form = AnswerForm(of: envelope)
        let target = ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: batch, form: form)
        openBatchElement(target)
        actions.noteOpened(target)
        guard envelope.hasUsableID else {
            return answer(target, .invalid("Invalid request: the id must be a string or an integer"), &actions)
        }
        guard sessions.change(session, { $0?.requests[target.id] == nil }) != false else {
            return answer(target, .invalid("Invalid request: a request with this id is in flight"), &actions)
        }
        if form.contains(.modern) { return handleModernRequest(line, envelope, target, now: now, &actions) }
        switch envelope.knownMethod {
        case .ping: answer(target, result: "{}", &actions)
        case .initialize: handleInitialize(line, envelope, target, now: now, &actions)
        default:
            guard sessions[session]?.phase != .opened, envelope.knownMethod != .discover else {
                return refuseWithoutHandshake(target, envelope.knownMethod, &actions)
            }
            handleServed(line, envelope, target, now: now, &actions)
        }
    }

    mutating func handleServed(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, now: Int64,
        _ actions: inout Actions
    ) {
        if refuseForLostState(line, envelope, target, &actions) { return }
        switch envelope.knownMethod {
        case .toolsList, .promptsList, .resourcesList, .resourceTemplatesList:
            handleList(line, envelope, target, now: now, &actions)
        case .toolsCall: handleToolCall(line, envelope, target, &actions)
        case .resourcesSubscribe: handleSubscribe(line, envelope, target, &actions)
        case .resourcesUnsubscribe: handleUnsubscribe(line, envelope, target, &actions)
        case .setLevel: handleSetLevel(line, envelope, target, &actions)
        case .tasksGet, .tasksResult, .tasksCancel, .tasksUpdate: handleTaskRequest(line, envelope, target, &actions)
        case .tasksList: handleTaskList(line, envelope, target, &actions)
        case .subscriptionsListen: answer(target, .methodNotFound(Method.subscriptionsListen.rawValue), &actions)
        case nil where configuration.unknownRequests == .refuse:
            let method = String(repairing: line.extracting(envelope.method))
            answer(target, .methodNotFound(String(method.prefix(100))), &actions)
        // Its ids would reach the backend as they are, where they are another's.
        case .some(let method) where method.isNotification:
            answer(target, .methodNotFound(method.rawValue), &actions)
        default: forward(line, envelope, target, &actions)
        }
    }

    private mutating func handleToolCall(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        guard !isForeignTask(envelope, target) else {
            let text = "Invalid params: task is not of revision \(BackendEra.newestModernRevision)"
            let error = ErrorReply(code: .invalidParams, message: text)
            return answer(target, error, &actions)
        }
        if !configuration.denyTools.isEmpty, let name = String(token: envelope.params.name.range, of: line),
            configuration.denyTools.contains(name)
        {
            let text = "The tool \(name) is not available: it is denied in the configuration of mcp-supervisor."
            return answer(target, result: toolError(text), &actions)
        }
        if divertPrivateCall(line, envelope, target, &actions) { return }
        forward(line, envelope, target, &actions)
    }
}
