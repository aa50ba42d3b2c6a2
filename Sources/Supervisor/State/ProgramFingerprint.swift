// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Posix

/// What tells one build of a server's program from another: its file's time and size.
enum ProgramFingerprint {
    /// Null when there is no such file.
    static func json(of key: SharingKey) -> JSONValue {
        guard let program = key.command.first else { return .null }
        let path = key.variables["PATH"].map { String(decoding: $0.dropFirst(5), as: UTF8.self) } ?? ""
        let candidates =
            program.contains("/") ? [program] : path.split(separator: ":").map { "\($0)/\(program)" }
        for candidate in candidates {
            guard let file = Files.identity(candidate), !file.isDirectory else { continue }
            return .array([.int(file.modified), .int(file.size), .string(candidate)])
        }
        return .null
    }
}
