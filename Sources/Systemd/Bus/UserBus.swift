// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One connection to the user's service manager, attached to an event loop. Not Sendable: it belongs to the actor that
/// runs on the loop, and its methods run there.
///
/// A connection that broke stays broken (`onDisconnect`): make a new one, and watch and reference the units again.
@safe public final class UserBus {
    static let service = "org.freedesktop.systemd1"

    /// Whether this is systemd's own private socket instead of a message bus: no `AddRef` there.
    public let isPrivate: Bool
    /// Called once when the connection is lost, after the calls under way have failed.
    public var onDisconnect: (() -> Void)?

    let bus: OpaquePointer
    let loop: EventLoop
    var jobs = JobTable()
    private var slots: [OpaquePointer] = unsafe []

    /// Connects to `$DBUS_SESSION_BUS_ADDRESS` or `$XDG_RUNTIME_DIR/bus`, or, where there is no user bus, to systemd's
    /// private socket, which takes the same calls. Does not wait: errors of the handshake arrive in `onDisconnect`.
    public init(loop: EventLoop) throws(BusError) {
        loop.checkIsolated()
        self.loop = loop
        var bus: OpaquePointer?
        let opened = unsafe sd_bus_open_user(&bus)
        isPrivate = opened < 0
        do throws(SystemdError) {
            if opened < 0 { unsafe bus = try Self.openPrivate(firstError: opened) }
            guard let bus = unsafe bus else { throw SystemdError("connect", code: ENOMEM) }
            unsafe self.bus = bus
            try check(unsafe sd_bus_attach_event(bus, loop.event, 0), "attach the bus to the event loop")
        } catch {
            throw BusError(method: BusError.connecting, unit: nil, reason: .system(code: error.code))
        }
        do throws(SystemdError) { try listen() } catch {
            throw BusError(method: "AddMatch", unit: nil, reason: .system(code: error.code))
        }
    }

    deinit {
        while let slot = unsafe slots.popLast() { unsafe sd_bus_slot_unref(slot) }
        unsafe sd_bus_close_unref(bus)
    }

    /// Whether requests can be sent; false from the moment that a loss was noticed.
    public var isOpen: Bool { unsafe sd_bus_is_open(bus) > 0 }

    private static func openPrivate(firstError: Int32) throws(SystemdError) -> OpaquePointer? {
        guard let directory = unsafe getenv("XDG_RUNTIME_DIR") else { throw SystemdError("connect", code: firstError) }
        let path = unsafe String(cString: directory) + "/systemd/private"
        guard unsafe access(path, F_OK) == 0 else { throw SystemdError("connect", code: firstError) }
        var bus: OpaquePointer?
        try check(unsafe sd_bus_new(&bus), "connect")
        // The bytes that a D-Bus address may hold unescaped (D-Bus specification, "Server Addresses").
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.\\*".utf8)
        let escaped = path.utf8.map { byte in
            plain.contains(byte) ? String(Unicode.Scalar(byte)) : "%" + hexadecimal(byte)
        }
        var started = unsafe sd_bus_set_address(bus, "unix:path=" + escaped.joined())
        if started >= 0 { started = unsafe sd_bus_start(bus) }
        guard started >= 0 else {
            unsafe sd_bus_unref(bus)
            throw SystemdError("connect", code: started)
        }
        return unsafe bus
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// The matches are sent before any call on the same connection, so no signal that follows from a call is missed.
    private func listen() throws(SystemdError) {
        let userData = unsafe Unmanaged.passUnretained(self).toOpaque()
        let jobRemoved: sd_bus_message_handler_t = { message, userData, _ in
            guard let message = unsafe message, let userData = unsafe userData else { return 0 }
            let bus = unsafe Unmanaged<UserBus>.fromOpaque(userData).takeUnretainedValue()
            bus.jobRemoved(unsafe BusReader(message))
            return 0
        }
        let disconnected: sd_bus_message_handler_t = { _, userData, _ in
            guard let userData = unsafe userData else { return 0 }
            unsafe Unmanaged<UserBus>.fromOpaque(userData).takeUnretainedValue().disconnected()
            return 0
        }
        var slot: OpaquePointer?
        try check(
            unsafe sd_bus_match_signal_async(
                bus, &slot, Self.service, BusMethod.managerPath, BusMethod.managerInterface, "JobRemoved", jobRemoved,
                nil, userData), "watch jobs")
        if let slot = unsafe slot { unsafe slots.append(slot) }
        // Comes from libsystemd itself, not over the bus.
        let local = "org.freedesktop.DBus.Local"
        let path = "/org/freedesktop/DBus/Local"
        try check(
            unsafe sd_bus_match_signal_async(bus, &slot, nil, path, local, "Disconnected", disconnected, nil, userData),
            "watch the connection")
        if let slot = unsafe slot { unsafe slots.append(slot) }
        // Without it the manager sends no UnitRemoved and no PropertiesChanged. Asking twice does no harm.
        try send(.manager("Subscribe"), write: { (_: BusWriter) throws(SystemdError) in }, handle: { _ in })
    }

    private func disconnected() {
        jobs.disconnect()
        let handler = onDisconnect
        onDisconnect = nil
        handler?()
    }
}
