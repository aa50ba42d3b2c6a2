// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Something that happened to a watched unit.
public enum UnitChange: Sendable, Equatable {
    /// `active`, `deactivating`, `inactive`, `failed`, …
    case activeState(String)
    /// A scope's `running`, `stop-sigterm`, `failed`, …
    case subState(String)
    /// Why a scope ended: `success`, `oom-kill`, `timeout`, …
    case result(String)
    /// systemd has forgotten the unit.
    case removed
}

/// Listens to one unit until it is cancelled or no longer referenced, also from inside its own handler.
@safe public final class BusWatch {
    private var slots: [OpaquePointer] = unsafe []
    private var handler: ((UnitChange) -> Void)?
    private let loop: EventLoop

    fileprivate init(bus: UserBus, unit: String, _ handler: @escaping (UnitChange) -> Void) throws(SystemdError) {
        loop = bus.loop
        self.handler = handler
        let sender = "type='signal',sender='\(UserBus.service)'"
        let changed =
            "\(sender),path='\(UserBus.path(of: unit))',interface='\(BusMethod.propertiesInterface)',"
            + "member='PropertiesChanged'"
        let removed = "\(sender),interface='\(BusMethod.managerInterface)',member='UnitRemoved',arg0='\(unit)'"
        unsafe try match(bus, changed) { message, userData, _ in
            guard let message = unsafe message else { return 0 }
            unsafe BusWatch.with(userData) { $0.propertiesChanged(unsafe BusReader(message)) }
            return 0
        }
        unsafe try match(bus, removed) { _, userData, _ in
            unsafe BusWatch.with(userData) { $0.handler?(.removed) }
            return 0
        }
    }

    deinit { cancel() }

    /// Listens no longer. May be called more than once.
    public func cancel() {
        guard unsafe !slots.isEmpty else { return }
        loop.checkIsolated()
        while let slot = unsafe slots.popLast() { unsafe sd_bus_slot_unref(slot) }
        handler = nil
    }

    private static func with(_ userData: UnsafeMutableRawPointer?, _ body: (BusWatch) -> Void) {
        guard let userData = unsafe userData else { return }
        // Retained here, so that a handler may drop the last other reference to its own watch.
        body(unsafe Unmanaged<BusWatch>.fromOpaque(userData).takeUnretainedValue())
    }

    private func match(_ bus: UserBus, _ rule: String, _ callback: @escaping sd_bus_message_handler_t)
        throws(SystemdError)
    {
        var slot: OpaquePointer?
        let userData = unsafe Unmanaged.passUnretained(self).toOpaque()
        try check(
            unsafe sd_bus_add_match_async(bus.bus, &slot, rule, callback, nil, userData), "watch a unit")
        if let slot = unsafe slot { unsafe slots.append(slot) }
    }

    /// PropertiesChanged(s interface, a{sv} changed, as invalidated).
    private func propertiesChanged(_ reader: BusReader) {
        do throws(SystemdError) {
            try reader.skip("s")
            let changes = try reader.array(of: "e", "sv") { (reader: BusReader) throws(SystemdError) -> UnitChange? in
                try Self.change(reader)
            }
            for change in changes { if let change { handler?(change) } }
        } catch {
            // Not what the manager documents; there is nothing in it for us.
            return
        }
    }

    private static func change(_ reader: BusReader) throws(SystemdError) -> UnitChange? {
        let make: (String) -> UnitChange
        switch try reader.string() {
        case "ActiveState": make = UnitChange.activeState
        case "SubState": make = UnitChange.subState
        case "Result": make = UnitChange.result
        default:
            try reader.skip("v")
            return nil
        }
        return make(try reader.variant("s") { (reader: BusReader) throws(SystemdError) in try reader.string() })
    }
}

extension UserBus {
    /// Calls a handler about the changes of one unit. Watch before the start, else the first changes are missed.
    public func watchUnit(
        _ name: String, _ handler: @escaping (UnitChange) -> Void
    ) throws(BusError) -> BusWatch {
        do throws(SystemdError) {
            return try BusWatch(bus: self, unit: name, handler)
        } catch {
            throw BusError(method: "AddMatch", unit: name, reason: .system(code: error.code))
        }
    }
}
