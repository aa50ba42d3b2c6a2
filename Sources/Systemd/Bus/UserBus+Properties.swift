// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The D-Bus interface that a unit's property belongs to.
public enum UnitInterface: String, Sendable {
    case unit = "org.freedesktop.systemd1.Unit"
    case scope = "org.freedesktop.systemd1.Scope"
    case service = "org.freedesktop.systemd1.Service"
    case slice = "org.freedesktop.systemd1.Slice"
}

extension UserBus {
    /// A property of type `s`: Result, ActiveState, ControlGroup, …
    public func string(_ name: String, of unit: String, _ interface: UnitInterface) async throws(BusError) -> String {
        try await property(name, of: unit, interface.rawValue, "s") { (reader: BusReader) throws(SystemdError) in
            try reader.string()
        }
    }

    /// A property of type `t`: bytes, microseconds, counters. For counters `UInt64.max` means "not available", for
    /// limits "none".
    public func uint64(_ name: String, of unit: String, _ interface: UnitInterface) async throws(BusError) -> UInt64 {
        try await property(name, of: unit, interface.rawValue, "t") { (reader: BusReader) throws(SystemdError) in
            try reader.integer("t", as: UInt64.self)
        }
    }

    /// A property of type `u`: NFileDescriptorStore, …
    public func uint32(_ name: String, of unit: String, _ interface: UnitInterface) async throws(BusError) -> UInt32 {
        try await property(name, of: unit, interface.rawValue, "u") { (reader: BusReader) throws(SystemdError) in
            try reader.integer("u", as: UInt32.self)
        }
    }

    /// A property of type `as`: PartOf, BindsTo, …
    public func strings(_ name: String, of unit: String, _ interface: UnitInterface) async throws(BusError) -> [String]
    {
        try await property(name, of: unit, interface.rawValue, "as") { (reader: BusReader) throws(SystemdError) in
            try reader.strings()
        }
    }

    /// A property of type `b`.
    public func bool(_ name: String, of unit: String, _ interface: UnitInterface) async throws(BusError) -> Bool {
        try await property(name, of: unit, interface.rawValue, "b") { (reader: BusReader) throws(SystemdError) in
            try reader.bool()
        }
    }

    /// The type of the job that waits or runs for a unit (`stop`, `restart`, `start`, …), nil if there is none: a
    /// service that gets SIGTERM learns from its own whether it will be back.
    public func jobType(of unit: String) async throws(BusError) -> String? {
        let path = try await property("Job", of: unit, UnitInterface.unit.rawValue, "(uo)") {
            (reader: BusReader) throws(SystemdError) -> String? in
            guard try reader.enter("r", "uo") else { return nil }
            let number = try reader.integer("u", as: UInt32.self)
            let path = try reader.string("o")
            try reader.exit()
            return number == 0 ? nil : path
        }
        guard let path else { return nil }
        return try await readProperty("JobType", path: path, unit: unit, "org.freedesktop.systemd1.Job", "s") {
            (reader: BusReader) throws(SystemdError) in try reader.string()
        }
    }

    /// A property of type `s` of the manager itself: Version, ControlGroup, …
    func managerString(_ name: String) async throws(BusError) -> String {
        try await readProperty(name, path: BusMethod.managerPath, unit: nil, BusMethod.managerInterface, "s") {
            (reader: BusReader) throws(SystemdError) in try reader.string()
        }
    }

    /// Whether the manager knows a property of scopes. Distributions' version strings do not tell.
    func knowsScopeProperty(_ name: String) async -> Bool {
        do throws(BusError) {
            return try await property(name, of: "init.scope", UnitInterface.scope.rawValue, nil) {
                (_: BusReader) throws(SystemdError) in true
            }
        } catch {
            return false
        }
    }

    private func property<Value: Sendable>(
        _ name: String, of unit: String, _ interface: String, _ type: String?,
        _ read: @escaping (BusReader) throws(SystemdError) -> Value
    ) async throws(BusError) -> Value {
        try await readProperty(name, path: Self.path(of: unit), unit: unit, interface, type, read)
    }

    private func readProperty<Value: Sendable>(
        _ name: String, path: String, unit: String?, _ interface: String, _ type: String?,
        _ read: @escaping (BusReader) throws(SystemdError) -> Value
    ) async throws(BusError) -> Value {
        let method = BusMethod(
            path: path, interface: BusMethod.propertiesInterface, member: "Get", unit: "\(name) of \(unit ?? "it")")
        return try await call(method) { (writer: BusWriter) throws(SystemdError) in
            try writer.string(interface)
            try writer.string(name)
        } read: { (reader: BusReader) throws(SystemdError) in
            guard let type else { return try read(reader) }
            return try reader.variant(type, read)
        }
    }

    /// The object path of a unit; systemd loads the unit when it is asked for.
    static func path(of unit: String) -> String {
        var path: UnsafeMutablePointer<CChar>?
        let encoded = unsafe sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path)
        guard encoded >= 0, let path = unsafe path else { return "/org/freedesktop/systemd1/unit/_" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
