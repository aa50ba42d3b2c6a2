// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `logging/setLevel`: the backend logs as much as the most curious session wants; each session gets what it asked for.
extension Multiplexer {
    mutating func handleSetLevel(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        if let handshake, !handshake.has("logging") {
            // As servers say it that have no levels.
            let method = Method.setLevel.rawValue
            let error = ErrorReply(code: .methodNotFound, message: "Method not found", data: .string(method))
            return answer(target, error, &actions)
        }
        guard let name = String(token: envelope.params.level.range, of: line), let level = LogSeverity(name: name)
        else {
            return answer(target, ErrorReply(code: .invalidParams, message: "Invalid params: unknown level"), &actions)
        }
        sessions[target.session]?.level = level
        actions.list.append(.sessionChanged(target.session))
        answer(target, result: "{}", &actions)
        updateLogLevel(&actions)
    }

    /// Tells the backend the most verbose level, when it is not the last one told.
    mutating func updateLogLevel(_ actions: inout Actions) {
        guard era == .legacy, backend.phase == .ready, !backend.isUnasked, handshake?.has("logging") == true else {
            return
        }
        let asked = sessions.values.contains { $0.level != nil }
        guard asked || backend.level != nil else { return }
        let level = sessions.values.lazy.compactMap { $0.level ?? ($0.isModern ? nil : .standard) }.min() ?? .standard
        guard level != backend.level else { return }
        backend.level = level
        let params = "{\"level\":\"\(level.name)\"}"
        let id = sendOwn(Method.setLevel.rawValue, params: params, owner: .nobody, &actions)
        // Nobody waits for the answer, and a server that never gives one must not count as busy for ever.
        pending.cancel(id, now: clock)
        armTombstones(&actions)
    }
}
