// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Finds the program to start as supervisor.
enum SupervisorProgram {
    private static let name = "/mcp-supervisor"

    /// `MCP_SUPERVISOR_BIN`; else beside our own executable, in `../libexec` or `../bin` from there; else along `PATH`.
    static func find() throws(Failure) -> String {
        if let chosen = environmentValue("MCP_SUPERVISOR_BIN") { return try absolute(chosen) }
        if let folder = ownFolder() {
            for place in ["", "/../libexec", "/../bin"] where isProgram(folder + place + name) {
                return folder + place + name
            }
        }
        if let found = findAlongPath() { return found }
        throw Failure("no mcp-supervisor runs, and there is none to start beside mcp-shim or in PATH")
    }

    /// The supervisor is started in `/`, so a relative path has to be resolved before.
    private static func absolute(_ path: String) throws(Failure) -> String {
        guard let resolved = realpath(path, nil) else {
            throw Failure("cannot start MCP_SUPERVISOR_BIN, " + path, errno: cposix_errno())
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func ownFolder() -> String? {
        let size = Int(PATH_MAX)
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let length = readlink("/proc/self/exe", start.assumingMemoryBound(to: CChar.self), size)
            guard length > 0, length < size else { return nil }
            guard let slash = buffer[..<length].lastIndex(of: UInt8(ascii: "/")) else { return nil }
            return String(decoding: buffer[..<slash], as: UTF8.self)
        }
    }

    /// Relative entries are left out: what lies in the working directory is not to become a daemon.
    private static func findAlongPath() -> String? {
        guard let path = environmentValue("PATH") else { return nil }
        for folder in path.utf8.split(separator: UInt8(ascii: ":")) where folder.first == UInt8(ascii: "/") {
            let candidate = String(decoding: folder, as: UTF8.self) + name
            if isProgram(candidate) { return candidate }
        }
        return nil
    }

    private static func isProgram(_ path: String) -> Bool {
        access(path, X_OK) == 0 && !isDirectory(path)
    }
}
