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

    private func complain(_ reason: String) {
        problem = reason
        log.warning("\(reason); tools are found by their words alone")
    }
}
