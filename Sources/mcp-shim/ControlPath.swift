// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Where the supervisor listens, and the directory that keeps others out.
struct ControlPath {
    private static let socketName = "io.mcpctl.Supervisor"

    let socket: String
    let directory: String
    /// The user chose the path; it may lead through symbolic links.
    private let isChosen: Bool

    /// `MCP_SUPERVISOR_SOCKET`; else below `XDG_RUNTIME_DIR`; else below `/run/user/UID`, if there is one; else in
    /// `/tmp/mcp-supervisor-UID`.
    init() throws(Failure) {
        if let path = environmentValue("MCP_SUPERVISOR_SOCKET") {
            guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), path.utf8.first == UInt8(ascii: "/") else {
                throw Failure("MCP_SUPERVISOR_SOCKET is not an absolute path: " + path)
            }
            socket = path
            directory = slash == path.utf8.startIndex ? "/" : String(decoding: path.utf8[..<slash], as: UTF8.self)
            isChosen = true
            return
        }
        directory = ControlPath.defaultDirectory
        socket = directory + "/" + ControlPath.socketName
        isChosen = false
    }

    private static var defaultDirectory: String {
        if let runtime = environmentValue("XDG_RUNTIME_DIR") { return runtime + "/mcp-supervisor" }
        let login = "/run/user/" + String(getuid())
        if isDirectory(login) { return login + "/mcp-supervisor" }
        return "/tmp/mcp-supervisor-" + String(getuid())
    }

    /// Whoever may write in the directory could put a socket of his own there, and would get our environment.
    /// - Returns: false when there is no directory yet.
    func checkDirectory() throws(Failure) -> Bool {
        var facts = stat()
        guard (isChosen ? stat(directory, &facts) : lstat(directory, &facts)) == 0 else {
            if cposix_errno() == ENOENT { return false }
            throw Failure("cannot look at " + directory, errno: cposix_errno())
        }
        guard cposix_is_directory(facts.st_mode) != 0 else { throw Failure(directory + " is not a directory") }
        guard facts.st_uid == geteuid() else {
            throw Failure(directory + " belongs to user " + String(facts.st_uid) + ", not to us")
        }
        guard facts.st_mode & 0o022 == 0 else {
            throw Failure("others may write in " + directory + "; chmod 700 it")
        }
        return true
    }

    func makeDirectory() throws(Failure) {
        guard mkdir(directory, 0o700) < 0, cposix_errno() != EEXIST else { return }
        throw Failure("cannot create " + directory, errno: cposix_errno())
    }
}

/// A variable's value; an empty one counts as unset, as the XDG specification has it.
func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

func isDirectory(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && cposix_is_directory(facts.st_mode) != 0
}
