// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A call that the backend is still busy with, while its client of the stateless era answers a question.
struct HeldCall: Sendable, Codable {
    struct Question: Sendable, Codable {
        /// The backend's own id for it.
        let id: [UInt8]
        let method: String
        let params: [UInt8]
    }

    let session: SessionID
    /// The request at the backend.
    let call: UInt64
    /// As the client wrote it: the retry must be the same.
    let request: [UInt8]
    let form: AnswerForm
    let heldAt: Int64
    /// What the client was asked, and what it is to be asked next time.
    var asked: [Question]
    var waiting: [Question] = []
    /// The backend's answer to the call, when it did not wait for the client's.
    var answer: [UInt8]?
}

/// `input_required` for a backend of the handshake era: its question ends the client's request, the call at the backend
/// stays open, and the client's retry goes on with it (protocol.md §2.9).
extension Multiplexer {
    /// A client need not come back.
    static let holdTime: Int64 = 600_000
    /// Questions for one call that wait until their client comes back for the first.
    private static let maximumWaiting = 64

    /// Whether this backend's requests may turn into questions to a client of the other era.
    var mayAnswerWithQuestion: Bool { era == .modern || maySomebodyBeAsked }

    /// Puts a question of the backend to the client of the stateless era whose calls these are. Which of several it is
    /// about makes no difference to the user who is asked, so it ends one that can be asked.
    ///
    /// - Parameter calls: those that the question may be about, all of one session.
    /// - Returns: false when their client is not of the stateless era: the question is another's to deal with.
    mutating func askByInputRequired(
        _ calls: [UInt64], _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64, _ actions: inout Actions
    ) -> Bool {
        guard let feature = ClientFeature(envelope.knownMethod) else { return false }
        let question = HeldCall.Question(
            id: copy(line, envelope.id), method: String(repairing: line.extracting(envelope.method)),
            params: copy(line, envelope.params.range))
        if put(question, feature, to: calls, now: now, &actions) { return true }
        guard calls.contains(where: { isOfModernClient($0) }) else { return false }
        // Of several calls the others' failures have causes of their own.
        if calls.count == 1 { pending.noteRefusal(of: feature, at: calls[0]) }
        refuse(question, &actions)
        return true
    }

    /// False when none of the calls can be asked.
    private mutating func put(
        _ question: HeldCall.Question, _ feature: ClientFeature, to calls: [UInt64], now: Int64,
        _ actions: inout Actions
    ) -> Bool {
        if let call = calls.first(where: { mayBeHeld($0, for: feature) }) {
            hold(call, with: question, now: now, &actions)
        } else if let handle = calls.compactMap({ heldHandle(of: $0, for: feature) }).first {
            guard heldCalls[handle].map({ $0.waiting.count < Self.maximumWaiting }) == true else {
                refuse(question, &actions)
                return true
            }
            heldCalls[handle]?.waiting.append(question)
        } else {
            return false
        }
        return true
    }

    private func isOfModernClient(_ call: UInt64) -> Bool {
        switch pending.entries[call]?.owner {
        case .session(let target): target.form.contains(.modern)
        case .held: true
        default: false
        }
    }

    private func mayBeHeld(_ call: UInt64, for feature: ClientFeature) -> Bool {
        guard let entry = pending.entries[call], case .session(let target) = entry.owner, let request = entry.request
        else { return false }
        return target.form.contains(.modern) && declares(feature, request)
    }

    private func heldHandle(of call: UInt64, for feature: ClientFeature) -> String? {
        guard case .held(_, let handle)? = pending.entries[call]?.owner, let held = heldCalls[handle],
            declares(feature, held.request)
        else { return nil }
        return handle
    }

    private mutating func hold(
        _ call: UInt64, with question: HeldCall.Question, now: Int64, _ actions: inout Actions
    ) {
        guard let entry = pending.entries[call], case .session(let target) = entry.owner, let request = entry.request
        else { return }
        let held = HeldCall(
            session: target.session, call: call, request: request, form: target.form, heldAt: now, asked: [question])
        settleSent(target)
        hold(held, target, &actions)
        drain(target.session, &actions)
    }

    private func declares(_ feature: ClientFeature, _ request: [UInt8]) -> Bool {
        guard let envelope = try? Envelope(scanning: request.span) else { return false }
        let capabilities = MetaMembers(request.span, envelope.params.meta).clientCapabilities
        return capabilities.isPresent && feature.isDeclared(in: copy(request.span, capabilities.range))
    }

    /// Answers the client's request with the questions, under a handle that nobody can guess.
    private mutating func hold(_ held: HeldCall, _ target: ReplyTarget, _ actions: inout Actions) {
        let length = held.asked.reduce(0) { $0 + $1.params.count + questionOverhead }
        guard !isTooLong(length, for: held.session, &actions), let handle = takeHandle() else {
            for question in held.asked { refuse(question, &actions) }
            return giveBack(held, to: target, &actions)
        }
        // The clock runs for the oldest; the others get theirs when it has rung.
        if heldCalls.isEmpty {
            actions.list.append(.arm(.heldCalls, milliseconds: Int(max(0, held.heldAt + Self.holdTime - clock))))
        }
        heldCalls[handle] = held
        pending.reassign(held.call, to: .held(held.session, handle: handle))
        let requests = held.asked.enumerated().map { index, question -> [UInt8] in
            let method = member("method", JSONValue.string(question.method).text.utf8)
            let params = question.params.isEmpty ? [] : [member("params", question.params)]
            return member(Self.key(index), "{".utf8 + joined([method] + params) + "}".utf8)
        }
        let result =
            "{\"resultType\":\"input_required\",\"inputRequests\":{".utf8 + joined(requests)
            + "},\"requestState\":\"\(handle)\"}".utf8
        // Not to be kept by anybody, whatever the method.
        var plain = target
        plain.form = .modern
        answer(plain, result: Array(result), &actions)
    }

    private static func key(_ index: Int) -> String { "input-\(index + 1)" }

    /// 128 bits of the chance that the shell gave us, as text.
    private mutating func takeHandle() -> String? {
        guard chance.count >= 2 else { return nil }
        let words = [chance.removeLast(), chance.removeLast()]
        return words.map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }

    /// The client's request is at the backend again.
    private mutating func giveBack(_ held: HeldCall, to target: ReplyTarget, _ actions: inout Actions) {
        pending.reassign(held.call, to: .session(target))
        actions.noteSent(target, held.call)
        sessions[target.session]?.requests[target.id] = .sent(held.call)
        sessions[target.session]?.inFlight += 1
    }

    private func refuse(_ question: HeldCall.Question, _ actions: inout Actions) {
        answer(
            question, member: ",\"error\":{\"code\":-32601,\"message\":\"Method not found: \(question.method)\"}",
            &actions)
    }

    private func answer(_ question: HeldCall.Question, member: String, _ actions: inout Actions) {
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"id\":")
        actions.bytes.append(contentsOf: question.id)
        actions.write(member)
        actions.write("}")
        actions.sendToBackend(nil, from: start)
    }
}

// MARK: - The retry

extension Multiplexer {
    mutating func resumeHeldCall(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, now: Int64,
        _ actions: inout Actions
    ) {
        guard let handle = String(token: envelope.params.requestState.range, of: line),
            let held = heldCalls[handle], held.session == target.session, isSame(held.request, line, envelope)
        else {
            let text = "Invalid params: requestState is unknown here, or of another request, or too old"
            return answer(target, ErrorReply(code: .invalidParams, message: text), &actions)
        }
        let params = line.extracting(envelope.params.range)
        let given = memberRange("inputResponses", in: params).map { members(of: params.extracting($0)) } ?? []
        let responses = Dictionary(given.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        heldCalls[handle] = nil
        pending.note(progressToken(line, envelope), at: held.call)
        guard held.asked.indices.allSatisfy({ responses[Self.key($0)]?.first == UInt8(ascii: "{") }) else {
            // The client left something out: it is asked again.
            return hold(held, target, &actions)
        }
        for (index, question) in held.asked.enumerated() {
            let result = String(decoding: responses[Self.key(index)] ?? [], as: UTF8.self)
            answer(question, member: ",\"result\":\(result)", &actions)
        }
        goOn(held, target, now: now, &actions)
    }

    private mutating func goOn(_ held: HeldCall, _ target: ReplyTarget, now: Int64, _ actions: inout Actions) {
        if let line = held.answer, let envelope = try? Envelope(scanning: line.span) {
            return passTranslated(line.span, envelope, to: target, &actions)
        }
        guard !held.waiting.isEmpty else { return giveBack(held, to: target, &actions) }
        let next = HeldCall(
            session: held.session, call: held.call, request: held.request, form: held.form, heldAt: now,
            asked: held.waiting)
        hold(next, target, &actions)
    }

    private func progressToken(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> RawToken? {
        let token = envelope.params.metaProgressToken
        return token.isUsableProgressToken ? RawToken(line, token.range) : nil
    }

    /// Same method, and same parameters but for what a retry adds.
    private func isSame(_ request: [UInt8], _ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        guard let first = try? Envelope(scanning: request.span), first.knownMethod == envelope.knownMethod else {
            return false
        }
        return essence(request.span, first) == essence(line, envelope)
    }

    private func essence(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> JSONValue? {
        var params = (try? JSONValue(parsing: line.extracting(envelope.params.range)))?.objectValue
        for key in ["_meta", "requestState", "inputResponses"] { params?[key] = nil }
        return params.map(JSONValue.object)
    }
}

// MARK: - Its end

extension Multiplexer {
    mutating func expireHeldCalls(now: Int64, _ actions: inout Actions) {
        for (handle, held) in heldCalls.sorted(by: { $0.key < $1.key }) where held.heldAt + Self.holdTime <= now {
            giveUp(handle, now: now, &actions)
        }
        for session in sessions.keys { drain(session, &actions) }
        drainAll(&actions)
        guard let first = heldCalls.values.map(\.heldAt).min() else { return }
        actions.list.append(.arm(.heldCalls, milliseconds: Int(first + Self.holdTime - now)))
    }

    mutating func giveUpHeldCalls(of session: SessionID, now: Int64, _ actions: inout Actions) {
        for (handle, held) in heldCalls.sorted(by: { $0.key < $1.key }) where held.session == session {
            giveUp(handle, now: now, &actions)
        }
    }

    /// Nobody will come back for it: the backend's questions are answered, and its call is cancelled.
    private mutating func giveUp(_ handle: String, now: Int64, _ actions: inout Actions) {
        guard let held = heldCalls.removeValue(forKey: handle) else { return }
        for question in held.asked + held.waiting { abandon(question, &actions) }
        guard held.answer == nil else { return }
        cancelAtBackend(held.call, of: held.session, now: now, &actions)
    }

    private func abandon(_ question: HeldCall.Question, _ actions: inout Actions) {
        if question.method == Method.elicit.rawValue {
            answer(question, member: ",\"result\":{\"action\":\"cancel\"}", &actions)
        } else {
            answer(question, member: ",\"error\":{\"code\":-1,\"message\":\"The client did not answer\"}", &actions)
        }
    }

    /// The call that they were put to is over, so they are about another one of that session.
    private mutating func putElsewhere(
        _ questions: [HeldCall.Question], of session: SessionID, _ actions: inout Actions
    ) {
        for question in questions {
            let calls = pending.entries.filter { $0.value.cancelledAt == nil && $0.value.owner.session == session }
            let feature = ClientFeature(Method(rawValue: question.method))
            let isPut = feature.map { put(question, $0, to: calls.keys.sorted(), now: clock, &actions) } ?? false
            if !isPut { abandon(question, &actions) }
        }
    }

    /// The backend takes a question back, or gives up waiting for it.
    mutating func withdrawHeldQuestion(_ id: [UInt8]) {
        for handle in heldCalls.keys { heldCalls[handle]?.waiting.removeAll { $0.id == id } }
    }

    /// The call is over while its client thinks; it is told when it comes back.
    mutating func finishHeldCall(
        _ handle: String, of session: SessionID, _ answer: [UInt8], _ actions: inout Actions
    ) {
        let answered = heldCalls.filter { $0.value.session == session && $0.value.answer != nil }
        if answered.count >= configuration.maximumInFlightPerSession {
            // A client that never comes back must not pile them up.
            let oldest = answered.min { ($0.value.heldAt, $0.key) < ($1.value.heldAt, $1.key) }
            let gone = oldest.flatMap { heldCalls.removeValue(forKey: $0.key) }
            for question in (gone?.asked ?? []) + (gone?.waiting ?? []) { abandon(question, &actions) }
        }
        heldCalls[handle]?.answer = answer
        let left = heldCalls[handle]?.waiting ?? []
        heldCalls[handle]?.waiting = []
        putElsewhere(left, of: session, &actions)
        drain(session, &actions)
    }

    mutating func failHeldCall(
        _ handle: String, of session: SessionID, _ error: ErrorReply, _ actions: inout Actions
    ) {
        var line = Array("{\"jsonrpc\":\"2.0\",\"id\":0,".utf8)
        error.write(to: &line)
        finishHeldCall(handle, of: session, line + "}".utf8, &actions)
    }

    /// Requests of a session that the backend works on, with those whose client thinks.
    func load(of session: SessionID) -> Int {
        guard !heldCalls.isEmpty else { return inFlight(of: session) }
        return inFlight(of: session) + heldCalls.values.count { $0.session == session && $0.answer == nil }
    }

    /// Chance for handles, 64 bits a word. The machine has none of its own.
    public mutating func give(chance words: [UInt64]) { chance += words }

    /// Whether a question could not be put to a client for want of chance.
    public var wantsChance: Bool { chance.count < 8 }

    /// A call that its backend could not finish because the client was not asked fails as the revision wants it.
    func refusedCapability(
        _ entry: Pending, _ line: Span<UInt8>, _ envelope: borrowing Envelope
    ) -> ErrorReply? {
        guard let feature = entry.refused else { return nil }
        if envelope.error.isEmpty {
            let result = line.extracting(envelope.result)
            guard let isError = memberRange("isError", in: result),
                RawToken(result, isError) == RawToken("true")
            else { return nil }
        }
        return ErrorReply(
            code: .missingCapability,
            message: "\(configuration.server) needs \(feature.rawValue), which this client did not declare",
            data: ["requiredCapabilities": [feature.rawValue: [:]]])
    }
}
