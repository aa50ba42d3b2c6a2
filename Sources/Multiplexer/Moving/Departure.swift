// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A session on its way from a shared backend to one of its own.
///
/// From the call that makes it go to the moment when the other backend runs, what the client says waits here. Then all
/// of it is handed on, and what comes later, too. The session stays known until nothing of it is left: answers, progress
/// and questions of what was under way still reach it from here.
struct Departure: Sendable, Codable {
    /// What waits, in order; the call that makes it go is the first.
    private(set) var held: [[UInt8]] = []
    private(set) var heldBytes = 0
    /// The requests among it.
    var heldIDs: Set<RawToken>
    /// The other backend runs, and has the session.
    var hasLeft = false

    init(call: [UInt8], _ id: RawToken) {
        heldIDs = [id]
        hold(call)
    }

    mutating func hold(_ line: [UInt8]) {
        held.append(line)
        heldBytes += line.count
    }

    mutating func takeHeld() -> [[UInt8]] {
        defer {
            held = []
            heldBytes = 0
            heldIDs = []
        }
        return held
    }
}

/// Of a machine: who leaves it, and what became of those who came.
struct Moves: Sendable, Codable {
    var departing: Set<SessionID> = []
    /// In a backend that a session moved to: it has called what it moved for, so the process is not as any other.
    var hasOwnState = false
    /// That process is gone, or never was seen by us: what the session had set is lost, and it does not know.
    var isStateLost = false
}
