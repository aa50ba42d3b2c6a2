// SPDX-License-Identifier: Apache-2.0

import CPosix

typealias CString = UnsafePointer<CChar>

/// What the command line asks for. Values stay the C strings of `main`: an argument need not be UTF-8.
struct Options {
    enum MetaTools {
        case off
        case on
        case auto
    }

    var name: CString?
    var repository: CString?
    var share: CString?
    var metaTools = MetaTools.off
    /// A server that the configuration declares; then there is no command.
    var server: CString?
    /// The command as execve(2) wants it, ended by nil; `argumentCount` entries.
    var command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    var argumentCount = 0
}

enum Request {
    case help
    case version
    case attach(Options)
}

/// A command line that cannot be meant.
struct UsageError: Error {
    let reason: String
}
