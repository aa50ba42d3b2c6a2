// SPDX-License-Identifier: Apache-2.0

/// How far a server's list is read that comes in pages: none gets round in a circle, or on without end.
public struct ListBounds: Sendable, Codable {
    private static let mostPages = 1000
    /// Bytes of definitions: three times what a model takes in at all.
    public static let mostBytes = 16 << 20

    private var bytes = 0
    private var cursors: Set<[UInt8]> = []

    public init() {}

    /// Whether there is room for a definition of so many bytes; what does not fit ends the list.
    public mutating func takes(_ size: Int) -> Bool {
        bytes += size
        return bytes <= ListBounds.mostBytes
    }

    /// Whether the page at a cursor is asked for.
    public mutating func goesOn(at cursor: [UInt8]) -> Bool {
        bytes <= ListBounds.mostBytes && cursors.count < ListBounds.mostPages && cursors.insert(cursor).inserted
    }
}
