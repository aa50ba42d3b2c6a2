// SPDX-License-Identifier: Apache-2.0

import Systemd

/// The connection to the user's bus, opened again after it was lost: scopes outlive their bus.
final class BusConnection {
    private let loop: EventLoop
    private var current: UserBus?

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// The connection; a new one where there is none.
    func open() throws(BusError) -> UserBus {
        if let current, current.isOpen { return current }
        let bus = try UserBus(loop: loop)
        bus.onDisconnect = { [weak self] in self?.current = nil }
        current = bus
        return bus
    }
}
