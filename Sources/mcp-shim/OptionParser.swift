// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Reads the command line up to `--`; what follows is the command and none of our business.
struct OptionParser {
    private let arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int
    private var next = 1
    private var options = Options()

    init(arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: Int) {
        self.arguments = arguments
        self.count = count
    }

    mutating func parse() throws(UsageError) -> Request {
        while next < count, let argument = arguments[next] {
            next += 1
            if isEqual(argument, "--") {
                try takeCommand()
                break
            }
            if isEqual(argument, "--help") || isEqual(argument, "-h") { return .help }
            if isEqual(argument, "--version") { return .version }
            try take(UnsafePointer(argument))
        }
        try check()
        return .attach(options)
    }

    private mutating func take(_ argument: CString) throws(UsageError) {
        if let value = try value(of: "--name", in: argument) {
            options.name = value
        } else if let value = try value(of: "--repo", in: argument) {
            options.repository = value
        } else if let value = try value(of: "--share", in: argument) {
            options.share = value
        } else if isEqual(argument, "--meta-tools") {
            options.metaTools = .on
        } else if isEqual(argument, "--meta-tools=auto") {
            options.metaTools = .auto
        } else if argument.pointee == CChar(bitPattern: UInt8(ascii: "-")) {
            throw UsageError(reason: "unknown option " + String(cString: argument) + seeHelp)
        } else if options.server == nil {
            options.server = argument
        } else {
            throw UsageError(reason: "a command goes after \"--\"" + seeHelp)
        }
    }

    /// The value in `--option VALUE` or `--option=VALUE`; nil when `argument` is something else.
    private mutating func value(of option: String, in argument: CString) throws(UsageError) -> CString? {
        let length = option.utf8.count
        guard strncmp(argument, option, length) == 0 else { return nil }
        let value: CString
        switch UInt8(bitPattern: argument[length]) {
        case UInt8(ascii: "="):
            value = argument + length + 1
        case 0:
            guard next < count, let following = arguments[next] else {
                throw UsageError(reason: option + " needs a value" + seeHelp)
            }
            next += 1
            value = UnsafePointer(following)
        default:
            return nil
        }
        guard value.pointee != 0 else { throw UsageError(reason: option + " needs a value" + seeHelp) }
        return value
    }

    private mutating func takeCommand() throws(UsageError) {
        guard next < count else { throw UsageError(reason: "no command after \"--\"" + seeHelp) }
        options.command = arguments + next
        options.argumentCount = count - next
    }

    private func check() throws(UsageError) {
        if let share = options.share,
            !isEqual(share, "repo"), !isEqual(share, "user"), !isEqual(share, "session")
        {
            throw UsageError(reason: "--share is repo, user or session, not " + String(cString: share))
        }
        guard options.command != nil || options.server != nil else {
            throw UsageError(reason: "neither \"-- COMMAND\" nor a server's name is given" + seeHelp)
        }
        guard options.server != nil else { return }
        if options.command != nil {
            throw UsageError(reason: "a command goes after \"--\", and nothing else" + seeHelp)
        }
        if options.name != nil { throw UsageError(reason: "--name names a command; a configured server has its name") }
    }

    private var seeHelp: String { "; see mcp-shim --help" }

    private func isEqual(_ argument: CString, _ text: String) -> Bool {
        strcmp(argument, text) == 0
    }
}
