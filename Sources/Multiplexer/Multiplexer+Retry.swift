// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Requests that a crash took away, and that change nothing: asked again of the next process, once (protocol.md §2.7 e).
///
/// Never tool calls: nothing proves that a call has no effect, and one that ended the process would end the next one.
extension Multiplexer {
    static func isSafeToRepeat(_ method: Method?) -> Bool {
        switch method {
        case .resourcesRead, .promptsGet, .complete: true
        default: false
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

    /// Puts a request back in front of its session's queue.
    private mutating func retry(_ entry: Pending, of target: ReplyTarget) -> Bool {
        guard !moves.isStateLost, let bytes = entry.repeatable, sessions[target.session] != nil else { return false }
        sessions[target.session]?.inFlight -= 1
        sessions[target.session]?.requests[target.id] = .queued
        sessions[target.session]?.queue.prepend(LineQueue.Line(bytes: bytes, target: target, isRepeated: true))
        return true
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
