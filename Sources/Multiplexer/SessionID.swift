// SPDX-License-Identifier: Apache-2.0

/// One client's connection. Never reused while the supervisor lives.
public struct SessionID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let raw: UInt32

    public init(raw: UInt32) { self.raw = raw }

    public var description: String { "s\(raw)" }

    public static func < (left: SessionID, right: SessionID) -> Bool { left.raw < right.raw }
}
