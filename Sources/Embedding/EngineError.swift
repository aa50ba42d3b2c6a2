// SPDX-License-Identifier: Apache-2.0

public import Posix
public import ToolSearch

/// Why an engine file cannot be used. The way out is always the same: `make engine` builds it anew.
public enum EngineError: Error, Equatable, CustomStringConvertible {
    case unreadable(PosixError)
    /// Of another kind, or cut off before its header's end.
    case notAnEngine
    /// Made by or for another version of the program.
    case version(UInt32)
    /// A number in the header that no engine has, by name.
    case impossible(String, UInt32)
    /// Bytes that the header asks for, bytes that there are.
    case length(expected: Int, found: Int)
    case damaged
    case vocabulary(VocabularyError)
    /// A piece that every text needs.
    case noPiece(String)

    /// Whether the file may be sound, and opened later.
    public var isPassing: Bool { if case .unreadable(let error) = self { error.isPassing } else { false } }

    /// What the last words of mcp-embed begin with where that is so.
    public static let passingWords = "mcp-embed: not now: "

    public var description: String {
        switch self {
        case .unreadable(let error): "\(error)"
        case .notAnEngine: "it is not an engine file"
        case .version(let found):
            "it has version \(found) of the format, and this program reads \(EngineHeader.version)"
        case .impossible(let name, let value): "its header is damaged: \(name) is \(value)"
        case .length(let expected, let found): "it has \(found) bytes instead of \(expected): it was cut off or grew"
        case .damaged: "its checksum is wrong: it was damaged"
        case .vocabulary(let error): "\(error)"
        case .noPiece(let piece): "its vocabulary has no \(piece)"
        }
    }
}
