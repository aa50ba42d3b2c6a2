// SPDX-License-Identifier: Apache-2.0

/// A property of a unit as systemd's D-Bus interface takes it (org.freedesktop.systemd1(5)). Sizes are bytes, times
/// microseconds; `UInt64.max` is "no limit".
public enum UnitProperty: Sendable, Equatable {
    case string(String, String)
    case bool(String, Bool)
    case uint64(String, UInt64)
    case uint32(String, UInt32)
    case int32(String, Int32)
    case strings(String, [String])
    /// The processes that a new scope takes in, `PIDs`. They are moved before the start job is done.
    case pids([UInt32])

    /// The name that systemd knows it by.
    public var name: String {
        switch self {
        case .string(let name, _), .bool(let name, _), .uint64(let name, _), .uint32(let name, _),
            .int32(let name, _), .strings(let name, _):
            name
        case .pids: "PIDs"
        }
    }

    /// Appends the `(sv)` that a(sv) is made of.
    func write(to writer: BusWriter) throws(SystemdError) {
        try writer.container("r", "sv") { (writer: BusWriter) throws(SystemdError) in
            try writer.string(name)
            try writer.container("v", signature) { (writer: BusWriter) throws(SystemdError) in
                try writeValue(to: writer)
            }
        }
    }

    private var signature: String {
        switch self {
        case .string: "s"
        case .bool: "b"
        case .uint64: "t"
        case .uint32: "u"
        case .int32: "i"
        case .strings: "as"
        case .pids: "au"
        }
    }

    private func writeValue(to writer: BusWriter) throws(SystemdError) {
        switch self {
        case .string(_, let value): try writer.string(value)
        case .bool(_, let value): try writer.bool(value)
        case .uint64(_, let value): try writer.integer("t", value)
        case .uint32(_, let value): try writer.integer("u", value)
        case .int32(_, let value): try writer.integer("i", value)
        case .strings(_, let values): try writer.strings(values)
        case .pids(let values):
            try writer.container("a", "u") { (writer: BusWriter) throws(SystemdError) in
                for value in values { try writer.integer("u", value) }
            }
        }
    }
}
