// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Every way an answer goes to a client. A request leaves its session's table first, so it gets no second one.
extension Multiplexer {
    /// Answers a request that is in no table: at once, or after `release`.
    mutating func answer(_ target: ReplyTarget, result: String, _ actions: inout Actions) {
        answer(target, result: Array(result.utf8), &actions)
    }

    mutating func answer(_ target: ReplyTarget, result: [UInt8], _ actions: inout Actions) {
        let start = begin(target, &actions)
        actions.write(",\"result\":")
        writeResult(result, target.form, &actions)
        actions.write("}")
        deliver(target, from: start, &actions)
    }

    /// - Parameter value: the raw value of `result` or `error`.
    mutating func answer(_ target: ReplyTarget, member: String, _ value: [UInt8], _ actions: inout Actions) {
        let start = begin(target, &actions)
        actions.write(",\"\(member)\":")
        actions.bytes.append(contentsOf: value)
        actions.write("}")
        deliver(target, from: start, &actions)
    }

    mutating func answer(_ target: ReplyTarget, _ error: ErrorReply, _ actions: inout Actions) {
        let start = begin(target, &actions)
        actions.write(",")
        error.write(to: &actions.bytes)
        actions.write("}")
        deliver(target, from: start, &actions)
    }

    private func begin(_ target: ReplyTarget, _ actions: inout Actions) -> Int {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        target.id.write(to: &actions.bytes)
        return start
    }

    /// Relays the backend's answer under the client's id.
    mutating func pass(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, to target: ReplyTarget, _ actions: inout Actions
    ) {
        if let error = oversizeResult(envelope.object.count, for: target.session) {
            return answer(target, error, &actions)
        }
        let start = actions.bytes.count
        let id = Edit(range: envelope.id, replacement: .token(target.id))
        let edits = downconversion(for: target)?.edits(line, result: envelope.result) ?? []
        if edits.isEmpty {
            actions.splice(line, envelope, id)
        } else {
            actions.splice(line, envelope, [id] + edits)
        }
        deliver(target, from: start, &actions)
    }

    /// Relays it, in the words of the other era if its client speaks those.
    mutating func passOn(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of entry: Pending, to target: ReplyTarget,
        _ actions: inout Actions
    ) {
        if needsTranslation(target) {
            finishTranslated(entry, target, line, envelope, &actions)
        } else {
            pass(line, envelope, to: target, &actions)
        }
    }

    private func downconversion(for target: ReplyTarget) -> Downconversion? {
        guard let version = sessions[target.session]?.protocolVersion, !version.isEmpty else { return nil }
        return Downconversion(version: version, backend: era)
    }

    func oversizeResult(_ length: Int) -> ErrorReply {
        .failure("the result of \(length >> 20) MB exceeds the limit for one message", reason: "oversize_result")
    }

    mutating func deliver(_ target: ReplyTarget, from start: Int, _ actions: inout Actions) {
        guardClient(target, from: start, &actions)
        if target.batch == 0 {
            actions.noteSettled(target.session, target.id, isAnswered: true)
            actions.sendToSession(target.session, from: start)
        } else {
            keepForBatch(target, from: start, &actions)
        }
    }

    /// Takes a request out of its session's table, before its answer or instead of one.
    mutating func release(_ target: ReplyTarget) {
        sessions[target.session]?.requests[target.id] = nil
        if target.form.contains(.modern) { sessions[target.session]?.requestLevels[target.id] = nil }
    }

    /// A request that gets no answer, because its sender took it back.
    mutating func drop(_ target: ReplyTarget, _ actions: inout Actions) {
        release(target)
        actions.noteSettled(target.session, target.id, isAnswered: false)
        closeBatchElement(target.session, target.batch, &actions)
    }
}
