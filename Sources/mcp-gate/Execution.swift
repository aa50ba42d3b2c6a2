// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Becomes the command, found along `PATH` unless its name has a slash, as execvp(3) does; but what is no program is
/// not given to a shell.
/// - Returns: why not, an errno.
func execute(_ command: ArgumentList) -> Int32 {
    guard let name = command[0], name.pointee != 0 else { return ENOENT }
    let environment = cposix_environ()
    guard strchr(name, Int32(UInt8(ascii: "/"))) == nil else {
        execve(name, command, environment)
        return cposix_errno()
    }
    // What execvp(3) takes when PATH is not set.
    var path = "/bin:/usr/bin"
    if let value = getenv("PATH") { path = String(cString: value) }
    var code = ENOENT
    for folder in path.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
        let prefix = folder.isEmpty ? "." : String(decoding: folder, as: UTF8.self)
        execve(prefix + "/" + String(cString: name), command, environment)
        switch cposix_errno() {
        case ENOENT, ENOTDIR, ENODEV, ESTALE, ETIMEDOUT: continue
        // There may be one further on that we may run.
        case EACCES: code = EACCES
        case let final: return final
        }
    }
    return code
}
