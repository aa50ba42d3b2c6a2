// SPDX-License-Identifier: Apache-2.0

import Systemd

/// The connection to the user's bus, opened again after it was lost: scopes outlive their bus.
final class BusConnection {
    private let loop: EventLoop
    private var current: UserBus?
    /// Called with a connection that takes the place of one that was lost: references to units ended with that.
    var onReconnect: (UserBus) -> Void = { _ in }
    private var wasLost = false

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// The connection; a new one where there is none.
    func open() throws(BusError) -> UserBus {
        if let current, current.isOpen { return current }
        let bus = try UserBus(loop: loop)
        bus.onDisconnect = { [weak self] in
            self?.current = nil
            self?.wasLost = true
        }
        current = bus
        if wasLost {
            wasLost = false
            onReconnect(bus)
        }
        return bus
    }
}
