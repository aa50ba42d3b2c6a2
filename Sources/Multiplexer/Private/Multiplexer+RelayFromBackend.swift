// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a private backend says: noted, and passed on to its one client byte for byte.
extension Multiplexer {
    mutating func relayFromBackend(_ line: Span<UInt8>, now: Int64, _ actions: inout Actions) {
        if let envelope = try? Envelope(scanning: line), envelope.kind != .invalid {
            return relayMessage(line, envelope, now: now, &actions)
        }
        if let elements = elementRanges(line), !elements.isEmpty {
            for range in elements { noteElement(line.extracting(range), &actions) }
            return passOn(line, 0..<line.count, true, &actions)
        }
        // A print without a newline in front of a message is the frequent case.
        if let brace = line.indices.first(where: { line[$0] == UInt8(ascii: "{") }), brace > 0 {
            let rest = line.extracting(brace..<line.count)
            if let envelope = try? Envelope(scanning: rest), envelope.kind != .invalid {
                countGarbage(line.extracting(0..<brace), &actions)
                return relayMessage(rest, envelope, now: now, &actions)
            }
        }
        countGarbage(line, &actions)
    }

    private mutating func relayMessage(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) {
        backend.hasSpoken = true
        if envelope.kind == .response, isOurs(line, envelope.id) {
            return answered(line, envelope, &actions)
        }
        if isNobodys(line, envelope) { return }
        speak(&actions)
        if let edit = renaming(line, envelope) { return passOn(line, envelope, edit, &actions) }
        note(line, envelope, &actions)
        if envelope.kind == .response, refuseOversize(line, envelope, now: now, &actions) { return }
        passOn(line, envelope.object, envelope.hasLineBreaks, &actions)
        if envelope.kind == .response { finishAllInputEnds(now: now, &actions) }
    }

    /// An answer that would break the client's transport is replaced by an error.
    private mutating func refuseOversize(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) -> Bool {
        let length = envelope.object.count
        guard length > configuration.shortestLineLimit, let session = sessions.keys.first,
            let error = oversizeResult(length, for: session)
        else { return false }
        let target = ReplyTarget(session: session, id: RawToken(line, envelope.id), batch: 0)
        answerRelayed(target, error, &actions)
        finishAllInputEnds(now: now, &actions)
        return true
    }

    private func answerRelayed(_ target: ReplyTarget, _ error: ErrorReply, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        target.id.write(to: &actions.bytes)
        actions.write(",")
        error.write(to: &actions.bytes)
        actions.write("}")
        actions.sendToSession(target.session, from: start)
    }

    /// A question with the id of one that the client still has from a process that is gone gets another: the client's
    /// answer to the old one must not be taken for an answer to this one. So does its being taken back.
    private mutating func renaming(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Edit? {
        if envelope.kind == .request, let name = relay?.rename(RawToken(line, envelope.id)) {
            relay?.asked.insert(name)
            return Edit(range: envelope.id, replacement: .token(name))
        }
        let taken = envelope.params.requestID
        guard envelope.kind == .notification, envelope.knownMethod == .cancelled, taken.isPresent,
            let name = relay?.name(of: RawToken(line, taken.range))
        else { return nil }
        return Edit(range: taken.range, replacement: .token(name))
    }

    private func passOn(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ edit: Edit, _ actions: inout Actions) {
        for session in sessions.keys {
            let start = actions.bytes.count
            actions.splice(line, envelope, edit)
            actions.sendToSession(session, from: start)
        }
    }

    /// The first word of a process ends its start.
    private mutating func speak(_ actions: inout Actions) {
        guard relay?.hasSpoken == false else { return }
        relay?.hasSpoken = true
        actions.list.append(.ready)
    }

    private mutating func noteElement(_ element: Span<UInt8>, _ actions: inout Actions) {
        guard let envelope = try? Envelope(scanning: element) else { return }
        note(element, envelope, &actions)
    }

    private mutating func note(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions) {
        switch envelope.kind {
        case .request:
            relay?.asked.insert(RawToken(line, envelope.id))
        case .response: noteAnswer(line, envelope, &actions)
        case .notification:
            if [.taskStatus, .taskChanged].contains(envelope.knownMethod) { noteTaskNotice(line, envelope, &actions) }
        case .invalid: break
        }
    }

    private mutating func noteAnswer(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        let id = RawToken(line, envelope.id)
        for session in sessions.keys {
            guard let place = sessions[session]?.requests.removeValue(forKey: id) else { continue }
            if case .sent = place { sessions[session]?.inFlight -= 1 }
            noteTaskAnswer(id, line, envelope, &actions)
            if relay?.handshakeID == id { noteHandshakeAnswer(line, envelope, of: session, &actions) }
            actions.noteSettled(session, id, isAnswered: true)
        }
    }

    private mutating func noteHandshakeAnswer(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID, _ actions: inout Actions
    ) {
        relay?.handshakeID = nil
        guard !envelope.result.isEmpty else {
            sessions[session]?.phase = .opened
            return
        }
        relay?.isAnswered = true
        let version = ObjectMembers(line, envelope.result).text(line, "protocolVersion")
        sessions[session]?.protocolVersion = version ?? ""
        sessions[session]?.phase = .initialized
        actions.list.append(.sessionChanged(session))
    }

    private mutating func passOn(
        _ line: Span<UInt8>, _ range: Range<Int>, _ mayHaveLineBreaks: Bool, _ actions: inout Actions
    ) {
        for session in sessions.keys {
            let start = actions.bytes.count
            actions.bytes.append(line, range)
            if mayHaveLineBreaks { replaceLineBreaks(in: &actions.bytes, from: start) }
            actions.sendToSession(session, from: start)
        }
    }

    private func isOurs(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        String(token: range, of: line).map { relay?.questions[$0] != nil } ?? false
    }
}
