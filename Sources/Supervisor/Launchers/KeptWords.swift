// SPDX-License-Identifier: Apache-2.0

import Posix

/// What backends that are down said last, where there is no journal: in memory the last lines, on the disk the files.
/// Sessions that share with nobody have a backend of a new name each, so there is a bound to both.
struct KeptWords {
    /// Names whose lines, and files, are kept.
    static let most = 200

    private var lines: [String: [String]] = [:]
    /// The names, those first that were heard of last the longest time ago.
    private var order: [String] = []

    mutating func keep(_ last: [String], of identifier: String) {
        lines[identifier] = last
        order.removeAll { $0 == identifier }
        order.append(identifier)
        for old in order.prefix(max(0, order.count - Self.most)) { lines[old] = nil }
        order = order.suffix(Self.most)
    }

    subscript(identifier: String) -> [String] { lines[identifier] ?? [] }

    /// Removes the oldest files of a directory of logs.
    ///
    /// - Parameter running: the names of backends that still write theirs.
    static func removeOldFiles(in directory: String, besides running: Set<String>) {
        let names = Files.names(in: directory)
        guard names.count > 2 * most else { return }
        let idle = names.filter { name in !running.contains { name.hasPrefix("\($0).log") } }
        let aged = idle.map { name in (name: name, time: Files.identity("\(directory)/\(name)")?.modified ?? 0) }
        for file in aged.sorted(by: { $0.time < $1.time }).prefix(max(0, names.count - most)) {
            Files.remove("\(directory)/\(file.name)")
        }
    }
}
