// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a configuration file, where, and what would be right.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    public let file: String
    /// Counted from 1; `nil` when the file could not be read at all.
    public let line: Int?
    public let reason: String

    public var description: String {
        line.map { "\(file):\($0): \(reason)" } ?? "\(file): \(reason)"
    }
}
