// SPDX-License-Identifier: Apache-2.0

/// What the user pressed.
enum TopKey: Equatable {
    case up, down, pageUp, pageDown, first, last, escape, enter
    case character(Character)
}

/// Makes keys of what a terminal sends (console_codes(4), xterm's control sequences): bytes in, keys out.
struct TopKeyReader {
    private var pending: [UInt8] = []

    /// Whether a sequence has begun that may go on, or may have been the escape key.
    var isWaiting: Bool { !pending.isEmpty }

    mutating func keys(from bytes: [UInt8]) -> [TopKey] {
        pending += bytes
        var keys: [TopKey] = []
        while let length = lengthOfNext() {
            if let key = Self.key(pending[..<length]) { keys.append(key) }
            pending.removeFirst(length)
        }
        return keys
    }

    /// Nothing has followed: what has begun is over.
    mutating func pause() -> [TopKey] {
        defer { pending = [] }
        return pending == [0x1B] ? [.escape] : []
    }

    /// How many bytes the next key has; `nil` while it is not complete.
    private func lengthOfNext() -> Int? {
        guard let first = pending.first else { return nil }
        guard first == 0x1B else {
            let length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            return pending.count >= length ? length : nil
        }
        guard pending.count > 1 else { return nil }
        switch pending[1] {
        case UInt8(ascii: "O"): return pending.count > 2 ? 3 : nil
        case UInt8(ascii: "["):
            // Parameters, then one byte from @ on.
            return pending.dropFirst(2).firstIndex { $0 >= 0x40 }.map { $0 + 1 }
        default: return 1
        }
    }

    private static func key(_ bytes: ArraySlice<UInt8>) -> TopKey? {
        guard bytes.first == 0x1B else {
            if bytes.first == 0x0A || bytes.first == 0x0D { return .enter }
            return String(validating: bytes, as: UTF8.self)?.first.map(TopKey.character)
        }
        switch String(decoding: bytes.dropFirst(2), as: UTF8.self) {
        case "": return .escape
        case "A": return .up
        case "B": return .down
        case "H", "1~", "7~": return .first
        case "F", "4~", "8~": return .last
        case "5~": return .pageUp
        case "6~": return .pageDown
        default: return nil
        }
    }
}
