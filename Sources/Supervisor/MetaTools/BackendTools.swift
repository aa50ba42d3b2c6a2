// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import ToolSearch

/// A list of tools that somebody was told, and which of the multiplexer's it is.
struct LearnedTools {
    let list: ToolList
    /// Nil when it is none that is known there.
    var request: UInt64?

    /// Whether a session would be answered with this very list. The multiplexer knows what the server announces, how
    /// long a list may be kept, and which calls of the session may have changed it.
    func isFresh(_ kept: KeptTools?) -> Bool { kept != nil && kept?.request == request }
}

/// A backend's tools as its sessions with meta-tools learned them: one list for everybody, where the server does not
/// tell each client its own.
final class BackendTools {
    private let server: String
    private unowned let registry: Registry
    private(set) var shared: LearnedTools?
    private var instructionsText: String?
    /// Whether the list was said to be another one, and was not learned since.
    private var isStale = false
    private var isRefreshDue = false

    init(server: String, registry: Registry) {
        self.server = server
        self.registry = registry
    }

    /// The handshake or a list is another one now.
    func mayHaveChanged() {
        shared?.request = nil
        instructionsText = nil
        guard !isStale else { return }
        isStale = true
        isRefreshDue = shared?.list.isPrepared == true
    }

    /// Whether somebody should learn the list anew before the next search needs it; said once a change.
    func takeRefresh() -> Bool {
        defer { isRefreshDue = false }
        return isRefreshDue
    }

    /// The whole list, as the multiplexer answered it.
    ///
    /// - Parameters:
    ///   - kept: what the multiplexer keeps; a list that was overtaken by a change on its way is not that.
    ///   - others: what other sessions were told; nil where everybody is told the same.
    func learn(_ list: [[UInt8]], kept: KeptTools?, besides others: [LearnedTools]?) -> LearnedTools {
        let known = (others ?? []) + [shared].compactMap(\.self)
        let same = known.first { $0.list.isTold(by: list) }?.list
        let learned = LearnedTools(
            list: same ?? ToolList(server: server, definitions: list, registry: registry),
            request: kept.flatMap { ToolCatalog.begins(list, with: $0.result) ? $0.request : nil })
        if others == nil {
            shared = learned
            isStale = false
        }
        return learned
    }

    /// The list as one sees it who is no session.
    func list(of definitions: [JSONValue], besides others: [LearnedTools], isForAll: Bool) -> ToolList {
        let known = [shared].compactMap(\.self) + others
        if let same = known.first(where: { $0.list.says(definitions) })?.list { return same }
        let list = ToolList(server: server, definitions: definitions.map { Array($0.text.utf8) }, registry: registry)
        if isForAll { shared = LearnedTools(list: list) }
        return list
    }

    /// The server's instructions, whole.
    func instructions(_ snapshot: @autoclosure () -> Snapshot?) -> String {
        if let instructionsText { return instructionsText }
        let result = snapshot().flatMap { try? JSONValue(parsing: $0.discoverResult ?? $0.initializeResult) }
        let text = result?["instructions"]?.stringValue ?? ""
        instructionsText = text
        return text
    }
}
