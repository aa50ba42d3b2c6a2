// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Notifications of the backend, and whose they are (protocol.md §2.5).
extension Multiplexer {
    mutating func handleBackendNotification(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        if envelope.params.subscriptionID.isPresent, era == .modern {
            return handleTagged(line, envelope, now: now, &actions)
        }
        switch envelope.knownMethod {
        case .progress: passProgress(line, envelope, envelope.params.progressToken, &actions)
        case .message: passMessage(line, envelope, &actions)
        case .toolsChanged: listChanged(.tools, &actions)
        case .promptsChanged: listChanged(.prompts, &actions)
        case .resourcesChanged: listChanged(.resources, &actions)
        case .resourceUpdated: passUpdate(line, envelope, &actions)
        case .cancelled: handleBackendCancelled(line, envelope, now: now, &actions)
        case .taskStatus, .taskChanged: passTaskStatus(line, envelope, &actions)
        case .elicitationComplete: passElicitationComplete(line, envelope, &actions)
        default: passUnknown(line, envelope, &actions)
        }
    }

    /// To the session whose request runs under this token, with the token that the session chose.
    private mutating func passProgress(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ token: Envelope.Token, _ actions: inout Actions
    ) {
        guard let id = ownID(line, token.range) else { return }
        guard let entry = pending.entries[id] else { return passTaskProgress(id, line, envelope, token, &actions) }
        guard entry.cancelledAt == nil else { return noteProgress(ofCancelled: id) }
        guard case .session(let target) = entry.owner, let original = entry.progressToken else { return }
        if isTooLong(envelope.object.count, for: target.session, &actions) { return }
        let start = actions.bytes.count
        actions.splice(line, envelope, Edit(range: token.range, replacement: .token(original)))
        if !slowReaders.isEmpty, keepProgress(of: id, in: target.session, from: start, &actions) { return }
        actions.sendToSession(target.session, from: start)
    }

    /// A log message says nothing about whose it is, and its text may hold what one session asked for.
    private mutating func passMessage(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        let name = String(token: envelope.params.level.range, of: line)
        let severity = name.flatMap(LogSeverity.init(name:))
        for session in audience(of: line, envelope) where wants(severity, session) {
            if !slowReaders.isEmpty, leavesOutLog(for: session) { continue }
            copyToSession(line, envelope, session, &actions)
        }
    }

    private func wants(_ severity: LogSeverity?, _ session: SessionID) -> Bool {
        guard let state = sessions[session] else { return false }
        guard let level = state.effectiveLevel ?? (state.isModern ? nil : defaultLevel) else { return false }
        return severity.map { $0 >= level } ?? true
    }

    /// Of a session that never said what it wants: what the server says by itself, but not what it says because others
    /// wanted to hear more.
    private var defaultLevel: LogSeverity {
        backend.level.map { $0 < .standard } == true ? .standard : .debug
    }

    private func passUpdate(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        guard let uri = ExactText(token: envelope.params.uri.range, of: line) else { return }
        for session in subscriptions.subscribers(of: uri) { copyToSession(line, envelope, session, &actions) }
        tellListeners(of: uri, line, envelope, &actions)
    }

    /// By what it names: a progress token, a request or a task. What names nothing is only for a session that is alone,
    /// for whom this is its server, unless the configuration wants everybody to hear it.
    private mutating func passUnknown(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        if envelope.params.progressToken.isPresent {
            return passProgress(line, envelope, envelope.params.progressToken, &actions)
        }
        if envelope.params.metaProgressToken.isPresent {
            return passProgress(line, envelope, envelope.params.metaProgressToken, &actions)
        }
        if let id = ownID(line, envelope.params.requestID.range), let entry = pending.entries[id] {
            return passNotice(of: entry, line, envelope, &actions)
        }
        if let id = TaskWords.id(in: line.extracting(envelope.params.range)), tasks[id] != nil {
            if let session = owner(ofTask: id) { copyToSession(line, envelope, session, &actions) }
            return
        }
        if configuration.unattributedNotifications == .drop, sessions.count > 1 {
            guard isOfTask(line, envelope) else { return }
        }
        for session in audience(of: line, envelope) { copyToSession(line, envelope, session, &actions) }
    }

    /// It names a request, which its session knows by another id.
    private mutating func passNotice(
        of request: Pending, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        guard request.cancelledAt == nil, case .session(let target) = request.owner,
            !isTooLong(envelope.object.count, for: target.session, &actions)
        else { return }
        let start = actions.bytes.count
        let id = Edit(range: envelope.params.requestID.range, replacement: .token(target.id))
        actions.splice(line, envelope, id)
        actions.sendToSession(target.session, from: start)
    }

    func copyToSession(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ session: SessionID, _ actions: inout Actions
    ) {
        if isTooLong(envelope.object.count, for: session, &actions) { return }
        let start = actions.bytes.count
        actions.bytes.append(line, envelope.object)
        if envelope.hasLineBreaks { replaceLineBreaks(in: &actions.bytes, from: start) }
        actions.sendToSession(session, from: start)
    }
}
