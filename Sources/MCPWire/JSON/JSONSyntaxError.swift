// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not JSON, and where.
public struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    /// Distance in bytes from the start of the text to what was refused.
    public let offset: Int
    /// What was expected or refused there, as a phrase.
    public let reason: String

    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "not JSON at byte \(offset): \(reason)" }
}
