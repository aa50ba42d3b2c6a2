// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import TOMLKit

/// The one configuration file that the program writes: limits set with `mcpctl limits --persist`. Files that people
/// wrote are never touched.
struct LimitsFile {
    private let table: TOMLTable

    /// Reads the file; none is an empty one.
    init(reading path: String) throws(ConfigurationError) {
        // What is there but cannot be read must not be overwritten.
        guard Files.identity(path) != nil else {
            table = TOMLTable()
            return
        }
        guard let text = Files.text(path) else {
            throw ConfigurationError(file: path, line: nil, reason: "it is there, but cannot be read")
        }
        table = try ConfigurationTable(file: path, text: text).table
    }

    /// Sets what `limits` has in the table at `path`.
    mutating func set(_ limits: Limits, at path: [String]) {
        var place = table
        for name in path {
            if place[name]?.table == nil { place[name] = TOMLTable() }
            guard let next = place[name]?.table else { return }
            place = next
        }
        for property in LimitProperty.allCases {
            guard let value = limits[keyPath: property.keyPath] else { continue }
            let name = property.rawValue
            if value == Limits.infinity { place[name] = "infinity" } else { place[name] = Int(value) }
        }
    }

    var text: String {
        "# Written by `mcpctl limits --persist`; later files and your own edits here are kept.\n" + table.convert()
            + "\n"
    }
}
