// SPDX-License-Identifier: Apache-2.0

/// Why a file is no token table.
public enum TokenTableError: Error, Equatable, CustomStringConvertible {
    case tooShort(Int)
    case noTable
    case dimensions(Int)
    case rows(Int)
    case length(Int, expected: Int)
    case vocabulary(String)
    case numbers

    public var description: String {
        switch self {
        case .tooShort(let count): "it has \(count) bytes and no header"
        case .noTable: "it does not begin as a token table does"
        case .dimensions(let count): "its vectors have \(count) dimensions instead of \(TokenTable.dimensions)"
        case .rows(let count): "it claims to have \(count) rows"
        case .length(let count, let expected): "it has \(count) bytes instead of \(expected)"
        case .vocabulary(let reason): "its vocabulary is damaged: \(reason)"
        case .numbers: "it holds numbers that are none"
        }
    }
}
