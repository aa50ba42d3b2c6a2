// SPDX-License-Identifier: Apache-2.0

import Posix
import ToolSearch

/// The table of word vectors, mapped with the first search and shared by all backends.
final class SearchTable {
    static let fileName = "token-table.bin"

    private let path: String?
    private let log: Log
    private var table: TokenTable?
    private var isTried = false
    /// Why searches go by words alone; nil while they need not.
    private(set) var problem: String?

    /// - Parameter path: `nil` where it is not installed.
    init(path: String?, log: Log) {
        self.path = path
        self.log = log
    }

    /// Nil when there is none of use: tools are then found by their words.
    var loaded: TokenTable? {
        guard !isTried else { return table }
        isTried = true
        guard let path else {
            complain("\(Self.fileName) is not installed")
            return nil
        }
        do throws(PosixError) {
            let file = try MappedFile(path)
            if let difference = Self.difference(file, path) {
                complain("\(path) is damaged, \(difference); install it again")
                return nil
            }
            do throws(TokenTableError) {
                table = try unsafe TokenTable(bytes: file.bytes, owner: file)
            } catch {
                complain("\(path) is damaged, \(error); install it again")
            }
        } catch {
            complain("\(error)")
        }
        return table
    }

    /// How the file differs from the checksum beside it; a table that came without one is taken as it is.
    private static func difference(_ file: MappedFile, _ path: String) -> String? {
        guard let text = Files.text(path + ".crc32"), let expected = UInt32(text.prefix(8), radix: 16) else {
            return nil
        }
        let found = unsafe TokenTable.checksum(of: file.bytes)
        // All of it was looked at, and most will not be again.
        file.forgetPages()
        guard found != expected else { return nil }
        return "its checksum is \(String(found, radix: 16)) instead of \(String(expected, radix: 16))"
    }

    /// What a human is to know, in one sentence; nil while all is well.
    var warning: String? { problem.map { "\($0); tools are found by their words alone" } }

    private func complain(_ reason: String) {
        problem = reason
        if let warning { log.warning(warning) }
    }
}
