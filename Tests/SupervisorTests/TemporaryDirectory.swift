// SPDX-License-Identifier: Apache-2.0

import Foundation
import Posix

/// A directory of a test's own, gone with it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let made = NSTemporaryDirectory() + "mcp-supervisor-test-" + UUID().uuidString
        try Files.makeDirectory(made)
        // As /proc shows it: without links on the way.
        path = Files.resolved(made) ?? made
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Makes a directory inside, and gives its path.
    func directory(_ name: String) throws -> String {
        try Files.makeDirectory("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    /// Writes a file inside, and gives its path.
    @discardableResult
    func file(_ name: String, _ text: String = "") throws -> String {
        if let slash = name.lastIndex(of: "/") { _ = try directory(String(name[..<slash])) }
        try Files.replace("\(path)/\(name)", with: Array(text.utf8))
        return "\(path)/\(name)"
    }
}
