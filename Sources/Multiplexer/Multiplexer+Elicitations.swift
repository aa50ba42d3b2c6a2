// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `notifications/elicitation/complete` (revision 2025-11-25) names an elicitation, and that has one session: the one
/// that was asked, or whose request failed with where to go (protocol.md §2.5).
extension Multiplexer {
    /// URLElicitationRequiredError of the revision.
    private static let elicitationRequired: Int64 = -32042

    /// - Parameter params: of a question that a session is asked.
    mutating func noteElicitation(_ params: Span<UInt8>, of session: SessionID) {
        guard let id = Self.elicitationID(in: params) else { return }
        sessions[session]?.note(elicitation: id)
    }

    /// The error that a session's request ends with.
    mutating func noteElicitations(inError error: Span<UInt8>, of session: SessionID) {
        guard let value = try? JSONValue(parsing: error), value["code"]?.intValue == Self.elicitationRequired else {
            return
        }
        for elicitation in value["data"]?["elicitations"]?.arrayValue ?? [] {
            guard let id = elicitation["elicitationId"]?.stringValue else { continue }
            sessions[session]?.note(elicitation: id)
        }
    }

    /// To the session that knows it; to nobody when there is none, unless there is one session only.
    mutating func passElicitationComplete(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        guard let id = Self.elicitationID(in: line.extracting(envelope.params.range)) else { return }
        let isAlone = sessions.count == 1
        for session in sessions.keys where isAlone || sessions[session]?.elicitations.contains(id) == true {
            sessions[session]?.elicitations.removeAll { $0 == id }
            copyToSession(line, envelope, session, &actions)
        }
    }

    private static func elicitationID(in params: Span<UInt8>) -> String? {
        memberRange("elicitationId", in: params).flatMap { String(token: $0, of: params) }
    }
}

extension SessionState {
    /// Users close pages without finishing: only so many are remembered.
    private static let keptElicitations = 64

    fileprivate mutating func note(elicitation id: String) {
        elicitations.append(id)
        if elicitations.count > Self.keptElicitations { elicitations.removeFirst() }
    }
}
