// SPDX-License-Identifier: Apache-2.0

import Control
import Posix

/// What happens, told to whoever subscribed.
final class EventFeed {
    private var listeners: [Int: (Event) -> Void] = [:]
    private var next = 0

    func subscribe(_ listener: @escaping (Event) -> Void) -> Int {
        next += 1
        listeners[next] = listener
        return next
    }

    func unsubscribe(_ number: Int) { listeners[number] = nil }

    func report(_ kind: String, backend: String? = nil, session: String? = nil, text: @autoclosure () -> String) {
        guard !listeners.isEmpty else { return }
        let event = Event(
            at: Clock.rfc3339(Clock.wallSeconds()), kind: kind, backend: backend, session: session, text: text())
        for listener in listeners.values { listener(event) }
    }
}
