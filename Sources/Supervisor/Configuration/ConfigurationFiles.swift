// SPDX-License-Identifier: Apache-2.0

import Control
import Posix

/// Where the configuration is: `config.toml`, then `config.d/*.toml` in the order of their names.
public struct ConfigurationFiles: Sendable {
    /// The main file; it need not exist unless it was named on the command line.
    public let main: String
    private let isNamed: Bool

    /// - Parameter named: the file given with `--config`; only that file is read then.
    public init(named: String?, configurationHome: String) {
        main = named ?? configurationHome + "/mcp-supervisor/config.toml"
        isNamed = named != nil
    }

    /// The directory of the fragments.
    public var fragments: String {
        (main.lastIndex(of: "/").map { String(main[..<$0]) } ?? ".") + "/config.d"
    }

    /// The file that `mcpctl limits --persist` writes: last in order of names, and ours alone.
    public var limitsFile: String { fragments + "/90-limits.toml" }

    /// The files that are there, in the order in which they are read.
    public var present: [String] {
        if isNamed { return [main] }
        // Editors leave hidden files beside the one they have open.
        let names = Files.names(in: fragments).filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }
        let pieces = names.map { fragments + "/" + $0 }
        return (Files.identity(main) == nil ? [] : [main]) + pieces
    }

    /// The limits file where it is read, and may therefore be written.
    public var writableLimitsFile: String? { isNamed ? nil : limitsFile }

    /// Reads all files.
    ///
    /// - Parameter limits: the text that the limits file is to get, taken for what is in it now.
    /// - Throws: the first error found, with file and line; nothing is taken from any file then.
    public func read(limits: String? = nil) throws(ConfigurationError) -> Configuration {
        if isNamed, Files.identity(main) == nil {
            throw ConfigurationError(file: main, line: nil, reason: "no such file")
        }
        var paths = present
        if limits != nil, !paths.contains(limitsFile) {
            paths.insert(limitsFile, at: paths.firstIndex { $0 != main && $0 > limitsFile } ?? paths.endIndex)
        }
        var configuration = Configuration()
        for path in paths {
            let text = if let limits, path == limitsFile { limits } else { try text(of: path) }
            try configuration.add(ConfigurationTable(file: path, text: text))
        }
        return configuration
    }

    private func text(of path: String) throws(ConfigurationError) -> String {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(path, limit: 1 << 20)
        } catch {
            throw ConfigurationError(file: path, line: nil, reason: PosixError.text(of: error.code))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(file: path, line: nil, reason: "not TOML: its text is not UTF-8")
        }
        return text
    }
}
