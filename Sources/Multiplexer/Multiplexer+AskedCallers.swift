// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A backend's question (sampling, elicitation) reaches the client whose call it is about; see `callsThatMayAsk`.
extension Multiplexer {
    /// Passes a request of the backend on to the caller that it can only be about.
    ///
    /// - Returns: whether it is dealt with: it is a question, and the backend was told that it may ask.
    mutating func askCaller(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) -> Bool {
        // Roots are the repository's for everybody, and so is the answer.
        guard era == .legacy, maySomebodyBeAsked, envelope.hasUsableID,
            let feature = ClientFeature(envelope.knownMethod), feature != .roots
        else { return false }
        if askTaskOwner(feature, line, envelope, &actions) { return true }
        let calls = callsThatMayAsk()
        if calls.isEmpty {
            refuseQuestion(copy(line, envelope.id), feature, &actions)
        } else if !askByInputRequired(calls, line, envelope, now: now, &actions) {
            askLegacyCaller(calls, feature, line, envelope, &actions)
        }
        return true
    }

    private mutating func askLegacyCaller(
        _ calls: [UInt64], _ feature: ClientFeature, _ line: Span<UInt8>, _ envelope: borrowing Envelope,
        _ actions: inout Actions
    ) {
        guard let session = calls.first.flatMap({ pending.entries[$0]?.owner.session }) else {
            return refuseQuestion(copy(line, envelope.id), feature, &actions)
        }
        ask(session, feature, about: calls, line, envelope, &actions)
    }

    /// Asks a session what the backend wants to know for its calls; or answers, when its client cannot be asked.
    mutating func ask(
        _ session: SessionID, _ feature: ClientFeature, about calls: [UInt64], _ line: Span<UInt8>,
        _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        let id = copy(line, envelope.id)
        guard let client = sessions[session] else { return refuseQuestion(id, feature, &actions) }
        guard feature.isDeclared(in: client.clientCapabilities) else {
            return answerQuestion(id, feature.refusalOfClients, &actions)
        }
        let method = String(repairing: line.extracting(envelope.method))
        var question = ClientQuestion(session: session, origin: .backend(id: id, feature: feature), calls: calls)
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
        guard !isTooLong(params.bytes.count + questionOverhead, for: session, &actions) else {
            return refuseQuestion(id, feature, &actions)
        }
        noteElicitation(line.extracting(envelope.params.range), of: session)
        let kept = envelope.params.task.isPresent ? Self.withoutTask(params.bytes) : params.bytes
        _ = ask(question, method: method, params: kept, &actions)
        drain(session, &actions)
    }

    /// The backend was not told that its client knows tasks, so it gets an answer and none (revision 2025-11-25, tasks).
    private static func withoutTask(_ params: [UInt8]) -> [UInt8] {
        let kept = members(of: params.span).filter { $0.key != "task" }
        return "{".utf8 + joined(kept.map { member($0.key, $0.value) }) + "}".utf8
    }

    /// How far a client is with a question, told to the backend under the token that it gave. A token that neither we
    /// nor the backend gave is between the client and the server.
    mutating func handleProgress(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, from session: SessionID, _ actions: inout Actions
    ) {
        let token = envelope.params.progressToken.range
        let id = ownID(line, token)
        guard let question = id.flatMap({ questions.entries[$0] }), question.session == session,
            let original = question.progressToken
        else {
            let raw = RawToken(line, token)
            guard id.map({ $0 >= questions.nextID }) ?? true,
                !questions.entries.values.contains(where: { $0.progressToken == raw })
            else { return }
            return relayNotification(line, envelope, from: session, &actions)
        }
        let start = actions.bytes.count
        actions.splice(line, envelope, Edit(range: token, replacement: .token(original)))
        actions.sendToBackend(session, from: start)
    }

    /// The backend takes a question back: it wants no answer any more.
    mutating func withdrawQuestion(calledByBackend id: [UInt8], _ actions: inout Actions) {
        for (number, question) in questions.ofBackend {
            guard case .backend(id, _) = question.origin else { continue }
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
        for (number, question) in questions.removeThose(onlyOf: call) {
            tellWithdrawn(number, question, &actions)
            guard case .backend(let id, let feature) = question.origin else { continue }
            refuseQuestion(id, feature, &actions)
        }
    }

    /// The same when the client is no longer there to be told.
    mutating func forgetQuestions(of call: UInt64, _ actions: inout Actions) {
        for (_, question) in questions.removeThose(onlyOf: call) {
            guard case .backend(let id, let feature) = question.origin else { continue }
            refuseQuestion(id, feature, &actions)
        }
    }

    /// The backend that asked is gone, and with it whoever wanted the answers.
    mutating func withdrawAllQuestions(_ actions: inout Actions) {
        for (number, _) in questions.ofBackend { withdraw(number, &actions) }
    }

    /// As a user answers who does not want to: a server must never be left waiting.
    func refuseQuestion(_ id: [UInt8], _ feature: ClientFeature, _ actions: inout Actions) {
        answerQuestion(id, feature.refusal, &actions)
    }

    /// - Parameter answer: the member `result` or `error`, whole.
    private func answerQuestion(_ id: [UInt8], _ answer: String, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        actions.bytes.append(contentsOf: id)
        actions.write(",\(answer)}")
        actions.sendToBackend(nil, from: start)
    }
}

extension ClientFeature {
    /// What a server is answered that may ask, when nobody can be asked now.
    var refusal: String {
        switch self {
        case .elicitation: "\"result\":{\"action\":\"cancel\"}"
        case .sampling, .roots: "\"error\":{\"code\":-1,\"message\":\"no client of this call can be asked\"}"
        }
    }

    /// What clients answer that cannot be asked this.
    fileprivate var refusalOfClients: String {
        switch self {
        case .elicitation: "\"error\":{\"code\":-32600,\"message\":\"Elicitation not supported\"}"
        case .sampling: "\"error\":{\"code\":-32600,\"message\":\"Sampling not supported\"}"
        case .roots: "\"error\":{\"code\":-32600,\"message\":\"List roots not supported\"}"
        }
    }
}
