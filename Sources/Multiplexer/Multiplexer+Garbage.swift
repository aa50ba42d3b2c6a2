// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Lines of the backend that are no single message (protocol.md §2.7 j, k, m).
extension Multiplexer {
    mutating func receiveOtherFromBackend(_ line: Span<UInt8>, now: Int64, _ actions: inout Actions) {
        if let elements = elementRanges(line), !elements.isEmpty {
            for range in elements {
                let element = line.extracting(range)
                guard let envelope = try? Envelope(scanning: element) else { continue }
                handleFromBackend(element, envelope, now: now, &actions)
            }
            return
        }
        // A print without a newline in front of a message is the frequent case.
        if let brace = line.indices.first(where: { line[$0] == UInt8(ascii: "{") }), brace > 0 {
            let rest = line.extracting(brace..<line.count)
            if let envelope = try? Envelope(scanning: rest), envelope.kind != .invalid {
                countGarbage(line.extracting(0..<brace), &actions)
                return handleFromBackend(rest, envelope, now: now, &actions)
            }
        }
        countGarbage(line, &actions)
    }

    mutating func countGarbage(_ line: Span<UInt8>, _ actions: inout Actions) {
        backend.garbageLines += 1
        if isWorthLogging(backend.garbageLines) {
            let text = String(repairing: line.extracting(0..<min(line.count, 200)))
            let shown = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }
                .joined()
            actions.log(.notice, "no message on stdout (line \(backend.garbageLines)), ignoring: \(shown)")
        }
        guard !backend.hasSpoken else { return }
        backend.garbageBytes += line.count
        guard backend.garbageBytes > configuration.maximumGarbage, backend.phase == .handshaking else { return }
        failStart(
            "\(configuration.server) wrote \(backend.garbageBytes) bytes to stdout without one MCP message", &actions)
    }

    /// A line of a session that was too long to be kept. `prefix` is its start (up to 4 KB), `length` the whole.
    public mutating func receiveOversize(
        prefix: Span<UInt8>, length: Int, from session: SessionID, now: Int64, into actions: inout Actions
    ) {
        guard sessions[session] != nil else { return }
        actions.log(.warning, "session \(session): refused a message of \(length) bytes")
        let envelope = Envelope(prefix: prefix)
        if envelope.methodKind == nil, envelope.hasUsableID, wasAsked(prefix, envelope.id, session) {
            return answerForClient(RawToken(prefix, envelope.id), length, session, now: now, &actions)
        }
        guard envelope.hasUsableID, envelope.result.isEmpty, envelope.error.isEmpty else { return }
        let target = ReplyTarget(session: session, id: RawToken(prefix, envelope.id), batch: 0)
        guard sessions[session]?.requests[target.id] == nil else { return }
        var error = ErrorReply.invalid(
            "the request of \(length >> 20) MB exceeds the limit for one message (message_size_max)")
        error.data = ["reason": "oversize_request"]
        actions.noteOpened(target)
        answer(target, error, &actions)
    }

    private func wasAsked(_ line: Span<UInt8>, _ id: Range<Int>, _ session: SessionID) -> Bool {
        if let relay { return relay.asked.contains(RawToken(line, id)) }
        return ownID(line, id).map { questions.entries[$0]?.session == session } ?? false
    }

    /// Whoever asked the client must not wait for what cannot be passed on.
    private mutating func answerForClient(
        _ question: RawToken, _ length: Int, _ session: SessionID, now: Int64, _ actions: inout Actions
    ) {
        let text = "the client's answer of \(length >> 20) MB exceeds the limit for one message (message_size_max)"
        let error: JSONValue = ["code": .int(Int64(ErrorReply.Code.invalidRequest.rawValue)), "message": .string(text)]
        let line = Array("{\"jsonrpc\":\"2.0\",\"id\":\(question.text),\"error\":\(error.text)}".utf8)
        guard relay == nil else { return relayFromSession(line.span, session, now: now, &actions) }
        guard let envelope = try? Envelope(scanning: line.span) else { return }
        handleClientResponse(line.span, envelope, from: session, now: now, &actions)
    }

    /// The same of the backend: the request it belongs to is answered with an error, if its id is in the prefix.
    public mutating func receiveOversizeFromBackend(
        prefix: Span<UInt8>, length: Int, now: Int64, into actions: inout Actions
    ) {
        actions.log(.warning, "the backend sent a message of \(length) bytes, over the limit")
        if relay != nil { return relayOversize(prefix, length, now: now, &actions) }
        defer { finishDepartures(now: now, &actions) }
        let envelope = Envelope(prefix: prefix)
        guard envelope.methodKind == nil, let id = ownID(prefix, envelope.id) else { return }
        guard pending.entries[id]?.cancelledAt == nil else {
            _ = pending.remove(id)
            return
        }
        fail(id, oversizeResult(length), now: now, &actions)
    }
}
