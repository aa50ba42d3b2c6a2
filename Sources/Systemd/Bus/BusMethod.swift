// SPDX-License-Identifier: Apache-2.0

/// Where a method call goes, and how long its answer may take.
struct BusMethod {
    static let managerPath = "/org/freedesktop/systemd1"
    static let managerInterface = "org.freedesktop.systemd1.Manager"
    static let propertiesInterface = "org.freedesktop.DBus.Properties"

    var path = Self.managerPath
    var interface = Self.managerInterface
    let member: String
    /// For error texts.
    var unit: String?
    // runc once gave up after 1 s and raced with systemd; 30 s is its value since (opencontainers/runc#2614).
    var timeout = Duration.seconds(30)

    /// A method of the manager.
    static func manager(_ member: String, unit: String? = nil, timeout: Duration = .seconds(30)) -> Self {
        Self(member: member, unit: unit, timeout: timeout)
    }

    func error(_ reason: BusError.Reason) -> BusError { BusError(method: member, unit: unit, reason: reason) }
}

extension Duration {
    /// Rounded down; negative durations are 0.
    var wholeMicroseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
    }
}
