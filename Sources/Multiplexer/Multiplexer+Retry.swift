// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Requests that a crash took away, and that change nothing: asked again of the next process, once (protocol.md §2.7 e).
///
/// Tool calls only where the configuration trusts what tools say of themselves: nothing proves that a call has no
/// effect, and one that ended the process would end the next one.
extension Multiplexer {
    /// Whether a copy of the request is kept for the case that the backend dies.
    func mayRepeat(_ envelope: borrowing Envelope) -> Bool {
        let isTask = envelope.params.task.isPresent
        return switch envelope.knownMethod {
        case .resourcesRead, .promptsGet, .complete: true
        case .toolsCall where configuration.retryTools == .annotated: !isTask
        default: false
        }
    }

    /// Of every tool call at the backend that died: it may be the one that it died of.
    mutating func noteDeaths(_ open: [(id: UInt64, pending: Pending)]) {
        guard configuration.retryTools == .annotated else { return }
        for (_, entry) in open where entry.call != nil {
            if let key = entry.repeatable.flatMap(PoisonTable.key) { poison.noteDeath(during: key) }
        }
    }

    /// False when it is to be answered with an error after all.
    mutating func askAgain(_ id: UInt64, _ entry: Pending) -> Bool {
        switch entry.owner {
        case .session(let target): retry(entry, of: target)
        case .list(let key): retryFetch(id, key)
        default: false
        }
    }

    /// The error of a request that is not asked again, and why not, where it could have been.
    func errorOfDeath(_ error: ErrorReply, _ entry: Pending) -> ErrorReply {
        guard isSuspect(entry) else { return error }
        let suffix = "; this request was under way in \(PoisonTable.limit) deaths of it and is not sent again"
        var data = error.data?.objectValue ?? JSONObject()
        data["retryable"] = .bool(false)
        return ErrorReply(code: error.code, message: error.message + suffix, data: .object(data))
    }

    private func isSuspect(_ entry: Pending) -> Bool {
        if entry.isRepeated { return true }
        guard entry.call != nil, let key = entry.repeatable.flatMap(PoisonTable.key) else { return false }
        return poison.isPoison(key)
    }

    /// Puts a request back in front of its session's queue.
    private mutating func retry(_ entry: Pending, of target: ReplyTarget) -> Bool {
        guard !moves.isStateLost, let bytes = entry.repeatable, sessions[target.session] != nil, !entry.isRepeated,
            entry.call == nil || mayRepeatCall(entry, bytes)
        else { return false }
        sessions[target.session]?.inFlight -= 1
        sessions[target.session]?.requests[target.id] = .queued
        var line = LineQueue.Line(bytes: bytes, target: target, isRepeated: true)
        if entry.round > 0 { line.leg = entry.request.map { Leg(request: $0, round: entry.round) } }
        sessions[target.session]?.queue.prepend(line)
        return true
    }

    private func mayRepeatCall(_ entry: Pending, _ request: [UInt8]) -> Bool {
        guard !entry.isAlone, !isSuspect(entry), let envelope = try? Envelope(scanning: request.span),
            let name = String(token: envelope.params.name.range, of: request.span)
        else { return false }
        return isRepeatable(tool: name)
    }

    /// Whether the tool's own annotations say that calling it twice does no harm.
    private func isRepeatable(tool name: String) -> Bool {
        for (key, page) in lists.pages where key.method == .toolsList {
            let tools = (try? JSONValue(parsing: page.raw))?["tools"]?.arrayValue ?? []
            guard let tool = tools.first(where: { $0["name"]?.stringValue == name }) else { continue }
            let hints = tool["annotations"]
            return hints?["readOnlyHint"]?.boolValue == true || hints?["idempotentHint"]?.boolValue == true
        }
        return false
    }

    /// Leaves those who wait for a list waiting, for the next process; false when one process died of it already.
    private mutating func retryFetch(_ id: UInt64, _ key: ListKey) -> Bool {
        guard lists.fetches[key]?.id == id, lists.fetches[key]?.isRepeated == false,
            lists.fetches[key]?.waiters.isEmpty == false
        else { return false }
        lists.fetches[key]?.id = nil
        lists.fetches[key]?.isRepeated = true
        return true
    }
}
