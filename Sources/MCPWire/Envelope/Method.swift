// SPDX-License-Identifier: Apache-2.0

/// The methods that a multiplexer treats in their own way (MCP revisions 2024-11-05 to 2026-07-28). All others pass.
public enum Method: String, Sendable, CaseIterable, Codable {
    case initialize
    case discover = "server/discover"
    case ping
    case toolsList = "tools/list"
    case toolsCall = "tools/call"
    case promptsList = "prompts/list"
    case promptsGet = "prompts/get"
    case resourcesList = "resources/list"
    case resourceTemplatesList = "resources/templates/list"
    case resourcesRead = "resources/read"
    case resourcesSubscribe = "resources/subscribe"
    case resourcesUnsubscribe = "resources/unsubscribe"
    case subscriptionsListen = "subscriptions/listen"
    case setLevel = "logging/setLevel"
    case complete = "completion/complete"
    case tasksGet = "tasks/get"
    case tasksResult = "tasks/result"
    case tasksCancel = "tasks/cancel"
    case tasksList = "tasks/list"
    case tasksUpdate = "tasks/update"
    case rootsList = "roots/list"
    case createMessage = "sampling/createMessage"
    case elicit = "elicitation/create"

    case initialized = "notifications/initialized"
    case cancelled = "notifications/cancelled"
    case progress = "notifications/progress"
    case message = "notifications/message"
    case toolsChanged = "notifications/tools/list_changed"
    case promptsChanged = "notifications/prompts/list_changed"
    case resourcesChanged = "notifications/resources/list_changed"
    case resourceUpdated = "notifications/resources/updated"
    case rootsChanged = "notifications/roots/list_changed"
    case elicitationComplete = "notifications/elicitation/complete"
    case taskStatus = "notifications/tasks/status"
    case taskChanged = "notifications/tasks"
    case subscriptionsAcknowledged = "notifications/subscriptions/acknowledged"

    /// Whether it is told, not asked: no message with an id has it, and no other is without one.
    public var isNotification: Bool { rawValue.hasPrefix("notifications/") }

    /// The method whose name lies in `range`, without quotation marks; escapes are read.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        if range.count < Self.byLength.count {
            for candidate in Self.byLength[range.count] where candidate.matches(bytes, range) {
                self = candidate.method
                return
            }
        }
        guard firstPlace(of: UInt8(ascii: "\\"), in: bytes.extracting(range), from: 0) != nil,
            let text = String(token: range.lowerBound - 1..<range.upperBound + 1, of: bytes)
        else { return nil }
        self.init(rawValue: text)
    }

    private struct Candidate {
        let method: Method
        let text: [UInt8]

        func matches(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
            for index in text.indices where text[index] != bytes[range.lowerBound &+ index] {
                return false
            }
            return true
        }
    }

    private static let byLength: [[Candidate]] = {
        let longest = allCases.map(\.rawValue.utf8.count).max() ?? 0
        var table: [[Candidate]] = Array(repeating: [], count: longest + 1)
        for method in allCases {
            table[method.rawValue.utf8.count].append(
                Candidate(method: method, text: Array(method.rawValue.utf8)))
        }
        return table
    }()
}
