// SPDX-License-Identifier: Apache-2.0

extension UserBus {
    /// Sends one signal to every process of a unit. `stopUnit` is the way to end one.
    public func killUnit(_ name: String, signal: Int32) async throws(BusError) {
        try await call(.manager("KillUnit", unit: name)) { (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
            try writer.string("all")
            try writer.integer("i", signal)
        }
    }

    /// Forgets that a unit failed, so that it is collected and its name is free again.
    public func resetFailedUnit(_ name: String) async throws(BusError) { try await callNamed("ResetFailedUnit", name) }

    /// Keeps a unit and its properties (Result, CPUUsageNSec, MemoryPeak) after its end, until `unrefUnit` or until
    /// this connection ends. The `AddRef` property does the same at a start. Does nothing on systemd's private socket,
    /// which keeps no references.
    public func refUnit(_ name: String) async throws(BusError) {
        if !isPrivate { try await callNamed("RefUnit", name) }
    }

    /// Gives up one reference.
    public func unrefUnit(_ name: String) async throws(BusError) {
        if !isPrivate { try await callNamed("UnrefUnit", name) }
    }

    /// Freezes a unit's processes (cgroup v2) and answers when they stand still.
    public func freezeUnit(_ name: String) async throws(BusError) { try await callNamed("FreezeUnit", name) }

    /// Lets them run again.
    public func thawUnit(_ name: String) async throws(BusError) { try await callNamed("ThawUnit", name) }

    private func callNamed(_ member: String, _ name: String) async throws(BusError) {
        try await call(.manager(member, unit: name)) { (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
        }
    }

    /// Changes cgroup properties of a running unit. Others are refused (`BusError.isUnknownProperty`).
    ///
    /// Lowering MemoryMax below what cannot be reclaimed kills at once: lower MemoryHigh first and wait.
    ///
    /// - Parameter runtime: False writes a drop-in file, which makes no sense for a transient unit.
    public func setUnitProperties(
        _ name: String, runtime: Bool = true, _ properties: [UnitProperty]
    ) async throws(BusError) {
        try await call(.manager("SetUnitProperties", unit: name)) { (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
            try writer.bool(runtime)
            try writer.properties(properties)
        }
    }

    /// The loaded units whose names match one of the patterns (glob(7)).
    public func listUnits(patterns: [String]) async throws(BusError) -> [UnitInfo] {
        try await call(.manager("ListUnitsByPatterns")) { (writer: BusWriter) throws(SystemdError) in
            try writer.strings([])
            try writer.strings(patterns)
        } read: { (reader: BusReader) throws(SystemdError) in
            try reader.array(of: "r", "ssssssouso") { (reader: BusReader) throws(SystemdError) in
                let unit = UnitInfo(
                    name: try reader.string(), description: try reader.string(), loadState: try reader.string(),
                    activeState: try reader.string(), subState: try reader.string())
                try reader.skip("souso")
                return unit
            }
        }
    }
}

/// A line of `systemctl --user list-units`.
public struct UnitInfo: Sendable, Equatable {
    public let name: String
    public let description: String
    /// `loaded`, `not-found`, …
    public let loadState: String
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, …
    public let activeState: String
    /// The state in the unit type's own words: a scope's `running`, `abandoned`, `stop-sigterm`, `failed`, …
    public let subState: String
}
