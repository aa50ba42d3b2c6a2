// SPDX-License-Identifier: Apache-2.0

/// A backend gets so many requests at once and no more; sessions whose requests have to wait are served in turn, one
/// request each.
extension Multiplexer {
    /// Whether one more request may go to the backend, and nobody has waited longer for that.
    var hasRoom: Bool { waitingForRoom.isEmpty && hasRoomAtAll }

    private var hasRoomAtAll: Bool {
        pending.entries.count - pending.cancelledCount - pending.streamCount < configuration.maximumInFlight
    }

    /// For a session whose first line in the queue is a request that was not sent for want of room.
    mutating func waitForRoom(_ session: SessionID) {
        if !waitingForRoom.contains(session) { waitingForRoom.append(session) }
    }

    /// A request is over.
    mutating func giveRoom(_ actions: inout Actions) {
        while !waitingForRoom.isEmpty, backend.phase == .ready, hasRoomAtAll {
            let session = waitingForRoom.removeFirst()
            drain(session, isItsTurn: true, &actions)
        }
    }
}
