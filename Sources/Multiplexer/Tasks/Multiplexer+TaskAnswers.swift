// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the backend's answers say of tasks, noted before they go to their session.
extension Multiplexer {
    func concernsTasks(_ entry: Pending, _ line: Span<UInt8>, _ envelope: borrowing Envelope) -> Bool {
        if entry.task != nil { return true }
        return envelope.resultParts.isTask(line)
    }

    /// - Returns: whether the answer is dealt with: it was one of several pages.
    mutating func noteTaskAnswer(
        _ id: UInt64, _ entry: Pending, _ target: ReplyTarget, _ line: Span<UInt8>, _ envelope: borrowing Envelope,
        _ actions: inout Actions
    ) -> Bool {
        let result = line.extracting(envelope.result)
        switch entry.task {
        case .listing(let own, let pages):
            return finishTaskPage(own, pages, target, result, &actions)
        case .about(let task) where isForeign(task, target, result),
            .result(let task) where isForeign(task, target, result):
            // Its name became another task's while the question was under way, and this tells of that one.
            answer(target, Self.unknownTask, &actions)
            return true
        case .about(let task):
            if !envelope.result.isEmpty {
                noteTaskState(task, result, &actions)
            } else if isUnknownTask(line.extracting(envelope.error)) {
                endTask(task, &actions)
            }
        case .result(let task):
            // It is answered when the task is over, and refused while it is not. But an error may be just that answer.
            if envelope.result.isEmpty { askHowItStands(task, &actions) } else { endTask(task, &actions) }
        case .creating, nil:
            guard !envelope.result.isEmpty, let created = TaskWords.created(in: result, era: era) else { break }
            own(created.id, created.task, id, entry, target, &actions)
        }
        return false
    }

    private func isForeign(_ task: String, _ target: ReplyTarget, _ result: Span<UInt8>) -> Bool {
        !result.isEmpty && tasks[task]?.session != target.session
    }

    /// The backend has forgotten it, or it had ended before it could be cancelled.
    func isUnknownTask(_ error: Span<UInt8>) -> Bool {
        guard let code = memberRange("code", in: error) else { return false }
        return RawToken(error, code) == RawToken("-32602")
    }

    private mutating func own(
        _ name: String, _ description: [UInt8], _ call: UInt64, _ entry: Pending, _ target: ReplyTarget,
        _ actions: inout Actions
    ) {
        let lifetime = TaskWords.lifetime(description, era: era)
        let task = OwnedTask(
            session: target.session, call: call, progressToken: entry.progressToken,
            state: TaskWords.isOver(description.span) ? .over : .running, expiry: lifetime.map { clock + $0 },
            description: era == .legacy ? description : [])
        endTask(name, &actions)
        tasks.insert(task, at: name, now: clock)
        armTasks(&actions)
        // Kept by the shim before the client can act on the answer: the supervisor may be gone a moment later.
        actions.list.append(.sessionChanged(target.session))
    }

    /// An answer or a notification tells how a task stands. An acknowledgement tells nothing.
    mutating func noteTaskState(_ id: String, _ described: Span<UInt8>, _ actions: inout Actions) {
        guard tasks[id]?.state == .running, memberRange("status", in: described) != nil else { return }
        if TaskWords.isOver(described) { return endTask(id, &actions) }
        // In the stateless era nobody is told of its loss unasked.
        if era == .legacy { tasks.describe(id, copy(described, 0..<described.count)) }
    }

    /// Its progress token is free, and its questions are answered by nobody any more.
    mutating func endTask(_ id: String, _ actions: inout Actions) {
        guard let task = tasks[id], task.state == .running else { return }
        tasks.end(id)
        withdrawQuestions(of: task.call, &actions)
    }

    /// The answer to a call that its session took back, or that lost its session: a task that nobody can reach.
    mutating func cancelUnowned(
        _ id: UInt64, _ entry: Pending, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        guard concernsTasks(entry, line, envelope), !envelope.result.isEmpty,
            let created = TaskWords.created(in: line.extracting(envelope.result), era: era)
        else { return }
        switch entry.task {
        case .creating, nil:
            // Whoever had a task of this name has it no more.
            endTask(created.id, &actions)
            tasks.forget(created.id)
            guard !TaskWords.isOver(created.task.span), let session = entry.owner.session else { return }
            let task = OwnedTask(session: session, call: id, progressToken: nil, description: [])
            tasks.insert(task, at: created.id, now: clock)
            abandonTask(created.id, &actions)
        case .about, .result, .listing: break
        }
    }

    /// Nobody can reach it any more, so nobody is to pay for it.
    mutating func abandonTask(_ id: String, _ actions: inout Actions) {
        guard backend.phase == .ready else { return tasks.forget(id) }
        tasks.abandon(id, now: clock)
        var entry = Pending(owner: .nobody)
        entry.task = .about(id)
        let params = "{\"taskId\":\(JSONValue.string(id).text)}"
        _ = sendOwn(Method.tasksCancel.rawValue, params: params, entry, as: ownTaskMembers, &actions)
        armTasks(&actions)
    }

    private mutating func askHowItStands(_ id: String, _ actions: inout Actions) {
        guard era == .legacy, tasks[id]?.state == .running else { return }
        var entry = Pending(owner: .nobody)
        entry.task = .about(id)
        let params = "{\"taskId\":\(JSONValue.string(id).text)}"
        _ = sendOwn(Method.tasksGet.rawValue, params: params, entry, &actions)
    }

    mutating func forgetAbandoned(_ entry: Pending) {
        guard case .about(let id)? = entry.task, tasks[id]?.state == .abandoned else { return }
        tasks.forget(id)
    }

    /// What we asked of a task is answered: a cancellation, one way or the other, or how it stands.
    mutating func finishOwnQuestion(
        _ entry: Pending, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        forgetAbandoned(entry)
        guard case .about(let id)? = entry.task else { return }
        if !envelope.result.isEmpty {
            noteTaskState(id, line.extracting(envelope.result), &actions)
        } else if isUnknownTask(line.extracting(envelope.error)) {
            endTask(id, &actions)
        }
    }

    // MARK: - tasks/list

    private static let maximumPages = 1000

    private mutating func finishTaskPage(
        _ own: [UInt8], _ pages: Int, _ target: ReplyTarget, _ result: Span<UInt8>, _ actions: inout Actions
    ) -> Bool {
        guard !result.isEmpty else { return false }
        var own = own
        for task in memberRange("tasks", in: result).map({ TaskWords.elements(of: result.extracting($0)) }) ?? [] {
            guard let id = TaskWords.id(in: task.span), tasks[id]?.session == target.session else { continue }
            if !own.isEmpty { own.append(UInt8(ascii: ",")) }
            own += task
        }
        if let cursor = memberRange("nextCursor", in: result), result[cursor.lowerBound] == UInt8(ascii: "\"") {
            guard pages + 1 < Self.maximumPages else {
                let text = "\(configuration.server) lists more than \(Self.maximumPages) pages of tasks"
                answer(target, .failure(text, reason: "oversize_result"), &actions)
                return true
            }
            askForTasks(from: copy(result, cursor), .listing(own: own, pages: pages + 1), target, &actions)
        } else {
            let next = hasLeft(target.session) ? ",\"nextCursor\":\"\(Self.cursorOfOtherTasks)\"" : ""
            answer(target, result: "{\"tasks\":[".utf8 + own + "]\(next)}".utf8, &actions)
        }
        return true
    }

    /// The next page, on behalf of the same request.
    private mutating func askForTasks(
        from cursor: [UInt8], _ role: TaskRole, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        let params = "{\"cursor\":\(String(decoding: cursor, as: UTF8.self))}"
        var entry = Pending(owner: .session(target))
        entry.task = role
        let id = sendOwn(Method.tasksList.rawValue, params: params, entry, &actions)
        sessions.change(target.session) { state in
            state?.requests[target.id] = .sent(id)
            state?.inFlight += 1
        }
    }
}
