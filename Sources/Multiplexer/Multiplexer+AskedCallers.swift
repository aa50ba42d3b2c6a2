// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A backend's question (sampling, elicitation) reaches the client of the handshake era whose call it is about: the only
/// one there is at the backend (protocol.md §2.4). Never a guess.
extension Multiplexer {
    /// - Returns: whether the question is dealt with.
    mutating func askLegacyCaller(
        _ call: UInt64, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) -> Bool {
        guard case .session(let target)? = pending.entries[call]?.owner,
            let feature = ClientFeature(envelope.knownMethod)
        else { return false }
        let id = copy(line, envelope.id)
        guard let client = sessions[target.session], feature.isDeclared(in: client.clientCapabilities) else {
            refuseQuestion(id, feature, &actions)
            return true
        }
        let method = String(repairing: line.extracting(envelope.method))
        var question = ClientQuestion(session: target.session, origin: .backend(id: id, call: call, feature: feature))
        let token = envelope.params.metaProgressToken
        var params = Actions()
        if token.isUsableProgressToken {
            question.progressToken = RawToken(line, token.range)
            let edit = Edit(range: token.range, replacement: .number(questions.nextID))
            params.write(line, envelope.params.range, [edit])
        } else {
            params.write(line, envelope.params.range, [])
        }
        if envelope.hasLineBreaks { replaceLineBreaks(in: &params.bytes, from: 0) }
        noteElicitation(line.extracting(envelope.params.range), of: target.session)
        _ = ask(question, method: method, params: params.bytes, &actions)
        return true
    }

    /// How far a client is with a question, told to the backend under the token that it gave.
    func passQuestionProgress(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, _ actions: inout Actions
    ) {
        let token = envelope.params.progressToken.range
        guard let id = ownID(line, token), let question = questions.entries[id], question.session == session,
            let original = question.progressToken
        else { return }
        let start = actions.bytes.count
        actions.splice(line, envelope, Edit(range: token, replacement: .token(original)))
        actions.sendToBackend(session, from: start)
    }

    /// The backend takes a question back: it wants no answer any more.
    mutating func withdrawQuestion(calledByBackend id: [UInt8], _ actions: inout Actions) {
        for (number, question) in questions.ofBackend(nil) {
            guard case .backend(id, _, _) = question.origin else { continue }
            withdraw(number, &actions)
        }
    }

    /// The client's answer goes back as it came, under the backend's own id.
    func passAnswer(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, to id: [UInt8], _ actions: inout Actions
    ) {
        let start = actions.bytes.count
        actions.splice(line, envelope, [Edit(range: envelope.id, replacement: .text(id))])
        actions.sendToBackend(nil, from: start)
    }

    /// The call is over, taken back, or its client is gone: nobody answers its questions any more.
    mutating func withdrawQuestions(of call: UInt64, _ actions: inout Actions) {
        for (number, question) in questions.ofBackend(call) {
            guard case .backend(let id, _, let feature) = question.origin else { continue }
            withdraw(number, &actions)
            refuseQuestion(id, feature, &actions)
        }
    }

    /// The same when the client is no longer there to be told.
    mutating func forgetQuestions(of call: UInt64, _ actions: inout Actions) {
        for (number, question) in questions.ofBackend(call) {
            guard case .backend(let id, _, let feature) = question.origin else { continue }
            _ = questions.remove(number)
            refuseQuestion(id, feature, &actions)
        }
    }

    /// The backend that asked is gone, and with it whoever wanted the answers.
    mutating func withdrawAllQuestions(_ actions: inout Actions) {
        for (number, _) in questions.ofBackend(nil) { withdraw(number, &actions) }
    }

    /// As a client answers that does not want to: a server must never be left waiting.
    private func refuseQuestion(_ id: [UInt8], _ feature: ClientFeature, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        actions.bytes.append(contentsOf: id)
        switch feature {
        case .elicitation: actions.write(",\"result\":{\"action\":\"cancel\"}}")
        case .sampling, .roots:
            actions.write(",\"error\":{\"code\":-1,\"message\":\"no client of this call can be asked\"}}")
        }
        actions.sendToBackend(nil, from: start)
    }
}
