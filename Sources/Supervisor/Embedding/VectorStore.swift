// SPDX-License-Identifier: Apache-2.0

import Posix

/// Document vectors on the disk, one file a server, 0600, so that no text is ever computed twice.
///
/// It is a convenience: what cannot be read or written costs time and nothing else.
final class VectorStore {
    private let directory: String
    private let log: Log
    private var complained = false

    init(directory: String, log: Log) {
        self.directory = directory
        self.log = log
    }

    func path(of server: String) -> String {
        var hash = SHA256()
        hash.update(Array(server.utf8))
        return "\(directory)/\(hash.finish().prefix(16)).vectors"
    }

    func load(_ server: String) -> VectorFile {
        let path = path(of: server)
        guard Files.identity(path) != nil else { return VectorFile() }
        do {
            if let file = VectorFile(try Files.read(path)) { return file }
        } catch {
            // It may be sound: there may be no descriptor left to read it with.
            log.warning("\(error); the vectors of \(server)'s tools are computed again")
            return VectorFile()
        }
        log.warning("\(path) is damaged, dropped it; the vectors of \(server)'s tools are computed again")
        Files.remove(path)
        return VectorFile()
    }

    func store(_ file: VectorFile, for server: String) {
        do {
            try Files.makeDirectory(directory)
            try Files.replace(path(of: server), with: file.bytes)
            complained = false
        } catch {
            if !complained { log.warning("\(error); vectors of tools are computed again next time, ignoring") }
            complained = true
        }
    }
}
