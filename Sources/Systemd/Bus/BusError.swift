// SPDX-License-Identifier: Apache-2.0

/// A request to the user manager that did not succeed.
public struct BusError: Error, Equatable, CustomStringConvertible {
    /// Why it did not.
    public enum Reason: Sendable, Equatable {
        /// The peer answered with a D-Bus error.
        case refused(name: String, message: String)
        /// The job was made and ended with a result other than `done` (systemd.md §1.1 lists them).
        case jobEnded(result: String)
        /// No answer, or no end of the job, in time. What was asked for may still happen.
        case timedOut
        /// The connection is gone. What was asked for may have happened.
        case disconnected
        /// libsystemd could not send the request or read the answer; an errno value.
        case system(code: Int32)
    }

    /// The method, without its interface: `StartTransientUnit`.
    public let method: String
    /// The unit it was about, where there is one.
    public let unit: String?
    public let reason: Reason

    public init(method: String, unit: String?, reason: Reason) {
        self.method = method
        self.unit = unit
        self.reason = reason
    }

    /// The D-Bus error name, if the peer answered with one.
    public var name: String? {
        guard case .refused(let name, _) = reason else { return nil }
        return name
    }

    /// The name is taken, possibly by a unit that failed and still waits for `resetFailedUnit`.
    public var isUnitExists: Bool { name == "org.freedesktop.systemd1.UnitExists" }

    /// There is no such unit: it ended and was collected, or never was.
    public var isNoSuchUnit: Bool { name == "org.freedesktop.systemd1.NoSuchUnit" }

    /// This version of systemd does not know a property, or does not let it be set now.
    public var isUnknownProperty: Bool { name == "org.freedesktop.DBus.Error.PropertyReadOnly" }

    /// Which of the given properties that is: the manager names it ("Cannot set property OOMPolicy, or unknown property.").
    public func unknownProperty(among properties: [UnitProperty]) -> UnitProperty? {
        guard isUnknownProperty, case .refused(_, let message) = reason else { return nil }
        let words = message.split { !($0.isLetter || $0.isNumber) }.map(String.init)
        return properties.first { words.contains($0.name) }
    }

    /// "the user manager refused StopUnit of app-mcp-a.scope: Unit app-mcp-a.scope not loaded. (org.freedesktop…)".
    public var description: String {
        let request = unit.map { "\(method) of \($0)" } ?? method
        switch reason {
        case .refused(let name, let message):
            return "the user manager refused \(request): \(message) (\(name))"
        case .jobEnded(let result):
            return
                "the user manager's job for \(request) ended as “\(result)”; see journalctl --user -u \(unit ?? "init.scope")"
        case .timedOut:
            return "the user manager did not finish \(request) in time; see systemctl --user list-jobs"
        case .disconnected:
            return "the connection to the user manager ended during \(request)"
        case .system(let code) where method == Self.connecting:
            return
                "cannot connect to the user manager: \(errorText(code)); is one running, and is XDG_RUNTIME_DIR set? "
                + "try systemctl --user is-system-running"
        case .system(let code):
            return "cannot send \(request) to the user manager: \(errorText(code))"
        }
    }

    /// The `method` of errors from before there is a connection.
    static let connecting = "connect"
}
