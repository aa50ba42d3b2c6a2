// SPDX-License-Identifier: Apache-2.0

import Posix
import Systemd

@testable import Embedding
@testable import Supervisor

/// Where an embedder's parts are, and a program in place of mcp-embed: the vector of a text of digits is the text
/// itself, in 1,536 bytes with blanks before it, taken for floats.
struct EmbedderPlace {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try write(
            "mcp-embed",
            """
            #!/bin/sh
            echo $$ >> \(directory.path)/starts
            printf '12345678'
            while read -r line; do
                case $line in
                die) echo 'mcp-embed: out of luck' >&2; exit 1 ;;
                hang) read -r line ;;
                kill) kill -9 $$ ;;
                crowded) echo 'mcp-embed: not now: cannot open it: Too many open files' >&2; exit 1 ;;
                *) printf '%1536s' "$line" ;;
                esac
            done
            """, mode: 0o700)
    }

    var engine: String { directory.path + "/" + EngineFile.name }

    /// How often the program was started.
    var starts: Int { processes.count }

    /// Those that were started, whether they still run or not.
    var processes: [Int32] {
        (Files.text(directory.path + "/starts") ?? "").split(separator: "\n").compactMap { Int32($0) }
    }

    /// A file that is an engine as far as its header says.
    func putEngine(model: UInt8 = 1) throws {
        let numbers: [UInt32] = [1, 384, 1, 12, 32, 1, 3, 1, UInt32(model), 0]
        var bytes = Array("MCPMODEL".utf8)
        for number in numbers { bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        bytes += [UInt8](repeating: 0, count: 64 - bytes.count)
        let length = EngineLayout(try EngineHeader(bytes)).end
        try Files.replace(engine, with: bytes + [UInt8](repeating: 0, count: length - bytes.count))
    }

    func write(_ name: String, _ text: String, mode: UInt32 = 0o600) throws {
        try Files.replace("\(directory.path)/\(name)", with: Array(text.utf8), mode: mode)
    }

    func embedder(
        _ registry: Registry, patience: Int64 = 60_000, rest: Int64 = 60_000, idle: Int64 = 60_000
    ) -> Embedder {
        Embedder(
            places: Embedder.Places(
                program: directory.path + "/mcp-embed", engines: ["/nowhere/" + EngineFile.name, engine],
                vectors: directory.path + "/vectors"),
            loop: registry.loop, streams: registry.streams, log: registry.log, patience: patience, rest: rest,
            idle: idle)
    }

    /// What the program answers for a text.
    static func vector(_ text: String) -> [Float] {
        let bytes = [UInt8](repeating: 0x20, count: 1536 - text.utf8.count) + Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }
}

extension Embedder {
    func vector(ofQuery text: String) async -> [Float]? {
        await withCheckedContinuation { continuation in encode(query: text) { continuation.resume(returning: $0) } }
    }

    /// The vectors of a list, when no more will come.
    func vectors(of documents: [[String]]) async -> [Int: [Float]] {
        await withCheckedContinuation { continuation in
            var vectors: [Int: [Float]] = [:]
            documentsDone = { continuation.resume(returning: vectors) }
            let job = encode(documents: documents.count, of: "server", texts: { documents[$0] }) { position, vector in
                vectors[position] = vector
            }
            if job == nil { continuation.resume(returning: [:]) }
        }
    }
}
