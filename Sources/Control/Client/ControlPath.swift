// SPDX-License-Identifier: Apache-2.0
import Posix

/// Where the control socket is.
public enum ControlPath {
    /// `MCP_SUPERVISOR_SOCKET`; else below `XDG_RUNTIME_DIR`; else below `/run/user/UID`, if there is one; else in a
    /// directory of the user's own below `/tmp`.
    ///
    /// - Parameters:
    ///   - variable: the value of an environment variable.
    ///   - isDirectory: whether a path is a directory.
    public static func socket(
        uid: UInt32, variable: (String) -> String?, isDirectory: (String) -> Bool
    ) -> String {
        if let path = variable("MCP_SUPERVISOR_SOCKET"), !path.isEmpty { return path }
        if let runtime = variable("XDG_RUNTIME_DIR"), !runtime.isEmpty {
            return "\(runtime)/mcp-supervisor/\(ControlInterface.name)"
        }
        let standard = "/run/user/\(uid)"
        if isDirectory(standard) { return "\(standard)/mcp-supervisor/\(ControlInterface.name)" }
        return "/tmp/mcp-supervisor-\(uid)/\(ControlInterface.name)"
    }

    /// The path for this process.
    public static func socket() -> String {
        socket(
            uid: OwnProcess.uid, variable: OwnProcess.variable,
            isDirectory: { Files.identity($0)?.isDirectory ?? false })
    }
}
