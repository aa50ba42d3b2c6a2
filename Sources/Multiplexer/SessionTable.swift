// SPDX-License-Identifier: Apache-2.0

/// The sessions in the order they came. A Dictionary would allocate for every change of a member in place, which is
/// once or twice a message, and would have to be sorted wherever all sessions are gone through.
struct SessionTable: Sendable, Codable {
    private(set) var keys: [SessionID] = []
    /// Beside `keys`; nil only while a session is being taken out.
    private var states: [SessionState?] = []

    var count: Int { keys.count }
    var isEmpty: Bool { keys.isEmpty }
    var values: some Sequence<SessionState> { states.lazy.compactMap { $0 } }

    /// Setting nil takes the session out.
    subscript(session: SessionID) -> SessionState? {
        // Inlined, reading loads the member that is asked for. A reading accessor that yields would have a frame on the
        // heap, seven times a call; changing needs the yield, or the state's tables would be copied.
        @inline(always) get {
            let place = place(of: session)
            return place < keys.count && keys[place] == session ? states[place] : nil
        }
        _modify {
            let place = place(of: session)
            if place == keys.count || keys[place] != session {
                keys.insert(session, at: place)
                states.insert(nil, at: place)
            }
            yield &states[place]
            if states[place] == nil {
                keys.remove(at: place)
                states.remove(at: place)
            }
        }
    }

    /// Changes a session in place, if it is there. For the message path: the compiler gives the subscript's accessor a
    /// frame on the heap where it is used through optional chaining, and this none.
    @inline(__always)
    @discardableResult
    mutating func change<Result>(_ session: SessionID, _ change: (inout SessionState?) -> Result) -> Result? {
        let place = place(of: session)
        guard place < keys.count, keys[place] == session else { return nil }
        return change(&states[place])
    }

    /// Where the session is, or where it would be.
    private func place(of session: SessionID) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < session { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
