// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The small text files of procfs and cgroupfs.
enum CgroupFile {
    /// The whole text, nil when there is no such file (any more) or it may not be read.
    static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            // ENODEV: the cgroup was removed while its file was open.
            guard count >= 0 else { return nil }
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += chunk[0..<count]
        }
    }

    /// Whether this user may write to a file.
    static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }

    /// Writes a text at once; whether the kernel took it.
    static func write(_ text: String, to path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return unsafe text.withCString { unsafe Glibc.write(descriptor, $0, text.utf8.count) } == text.utf8.count
    }

    /// A file that holds one number; `max` is nil.
    static func number(_ path: String) -> UInt64? {
        read(path).flatMap { UInt64($0.prefix { $0.isNumber }) }
    }

    /// A file of lines of a name and a number.
    static func numbers(_ path: String) -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for line in (read(path) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let value = UInt64(words[1]) else { continue }
            result[String(words[0])] = value
        }
        return result
    }
}
