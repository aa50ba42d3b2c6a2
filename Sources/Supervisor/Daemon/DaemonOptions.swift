// SPDX-License-Identifier: Apache-2.0

public import Control
import Posix

/// The supervisor's command line and surroundings.
public struct DaemonOptions: Sendable {
    /// Which launcher was asked for; `nil`: systemd where there is a user manager, else direct.
    public var launcher: LauncherKind?
    public var configurationFile: String?
    public var foreground = false
    public var checkConfiguration = false
    public var socket: String
    public var stateDirectory: String
    public var configurationHome: String
    public var dataHome: String

    /// EX_CONFIG of sysexits.h: starting again will not help, so the unit does not try.
    public static let configurationStatus: Int32 = 78

    /// The options of a command line, without the program's name.
    ///
    /// - Throws: a sentence for the user.
    public init(arguments: [String]) throws(UsageError) {
        socket = ControlPath.socket()
        stateDirectory = DaemonOptions.directory("XDG_STATE_HOME", ".local/state") + "/mcp-supervisor"
        dataHome = DaemonOptions.directory("XDG_DATA_HOME", ".local/share")
        configurationHome = DaemonOptions.directory("XDG_CONFIG_HOME", ".config")
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let sign = argument.firstIndex(of: "=")
            let attached = sign.map { String(argument[argument.index(after: $0)...]) }
            switch argument[..<(sign ?? argument.endIndex)] {
            case "--foreground" where sign == nil: foreground = true
            case "--check-config" where sign == nil: checkConfiguration = true
            case "--launcher":
                guard let value = attached ?? rest.popFirst(),
                    value == "auto" || LauncherKind(rawValue: value) != nil
                else {
                    throw UsageError("--launcher must be auto, systemd or direct")
                }
                launcher = LauncherKind(rawValue: value)
            case "--config":
                guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
                    throw UsageError("--config needs a file")
                }
                configurationFile = value
            default: throw UsageError("unknown argument \(argument)")
            }
        }
    }

    /// A directory of the XDG base directory specification.
    private static func directory(_ variable: String, _ fallback: String) -> String {
        if let value = OwnProcess.variable(variable), value.hasPrefix("/") { return value }
        return OwnProcess.home + "/" + fallback
    }
}

/// What is wrong with a command line.
public struct UsageError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
