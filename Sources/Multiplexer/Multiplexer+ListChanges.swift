// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Telling sessions that a list is another one now. A session was promised that in its handshake, whatever the backend
/// itself declares.
extension Multiplexer {
    /// The backend says so.
    mutating func listChanged(_ change: ListChange, _ actions: inout Actions) {
        if lists.invalidate(change) { actions.list.append(.snapshotChanged) }
        scheduleListChange(change, &actions)
    }

    mutating func scheduleListChange(_ change: ListChange, _ actions: inout Actions) {
        if lists.announced.isEmpty {
            actions.list.append(.arm(.listChanged, milliseconds: configuration.listChangedDelay))
        }
        lists.announced.insert(change)
    }

    mutating func announceListChanges(_ actions: inout Actions) {
        let changes = ListChange.allCases.filter { lists.announced.contains($0) }
        lists.announced = []
        for session in sessions.keys {
            for change in changes where slowReaders.isEmpty || !keepsChange(change, for: session) {
                tellListeners(of: change, in: session, &actions)
                tell(session, of: change, &actions)
            }
        }
    }

    func tell(_ session: SessionID, of change: ListChange, _ actions: inout Actions) {
        guard sessions[session]?.phase == .initialized, !hasLeft(session) else { return }
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"\(change.notification.rawValue)\"}")
        actions.sendToSession(session, from: start)
    }
}

/// A value of a message as bytes of their own, on one line.
func copy(_ line: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(line, range)
    replaceLineBreaks(in: &bytes, from: 0)
    return bytes
}
