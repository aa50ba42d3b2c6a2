// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix

/// Backends' handshakes and lists from their last start, on the disk: 0600, named by the key's digest, and without
/// any value of the environment.
///
/// A snapshot is a convenience. One that cannot be read or written costs a start its speed and nothing else.
final class SnapshotStore {
    private static let version: Int64 = 1
    let directory: String
    private let log: Log
    private var complained = false

    init(directory: String, log: Log) {
        self.directory = directory
        self.log = log
    }

    private func path(of key: SharingKey) -> String { "\(directory)/\(key.digest).json" }

    /// The snapshot of a key; `nil` when there is none that fits: the program may have been replaced since.
    ///
    /// - Parameter profile: what the server will be told of its client.
    func load(for key: SharingKey, profile: String) -> Snapshot? {
        guard key.share != .session, let bytes = try? Files.read(path(of: key), limit: 64 << 20) else { return nil }
        guard let document = try? JSONValue(parsing: bytes), document["version"]?.intValue == SnapshotStore.version,
            document["server"]?.stringValue == key.server, document["program"] == ProgramFingerprint.json(of: key),
            document["profile"]?.stringValue == profile,
            let stored = document["snapshot"], let snapshot = Snapshot(json: stored)
        else {
            Files.remove(path(of: key))
            return nil
        }
        return snapshot
    }

    func store(_ snapshot: Snapshot?, for key: SharingKey, profile: String) {
        guard key.session.isEmpty, let snapshot else { return }
        var document = JSONObject()
        document["version"] = .int(SnapshotStore.version)
        document["server"] = .string(key.server)
        document["program"] = ProgramFingerprint.json(of: key)
        document["profile"] = .string(profile)
        document["snapshot"] = snapshot.json
        write(document, to: path(of: key), of: key.server)
        keep(snapshot.promise, of: key)
    }

    private func write(_ document: JSONObject, to path: String, of server: String) {
        do {
            try Files.makeDirectory(directory)
            try Files.replace(path, with: Array(JSONValue.object(document).text.utf8))
            complained = false
        } catch {
            if !complained { log.warning("\(error); the next start of \(server) takes longer, ignoring") }
            complained = true
        }
    }

    // MARK: - Whatever the repository

    private func promisePath(_ key: SharingKey) -> String { "\(directory)/server-\(key.serverDigest).json" }

    /// What the server said of itself at the last of all its starts; `nil` when its program is not the same any more.
    func promise(of key: SharingKey) -> ServerPromise? {
        guard let bytes = try? Files.read(promisePath(key), limit: 1 << 20),
            let document = try? JSONValue(parsing: bytes),
            document["version"]?.intValue == SnapshotStore.version,
            document["program"] == ProgramFingerprint.json(of: key),
            let capabilities = document["capabilities"], let serverInfo = document["serverInfo"]
        else { return nil }
        return ServerPromise(capabilities: capabilities, serverInfo: serverInfo)
    }

    /// Only sessions that wait for their repository want it, and none does where that plays no part.
    private func keep(_ promise: ServerPromise?, of key: SharingKey) {
        guard key.share == .repo, let promise else { return }
        let document: JSONObject = [
            "version": .int(SnapshotStore.version), "program": ProgramFingerprint.json(of: key),
            "capabilities": promise.capabilities, "serverInfo": promise.serverInfo,
        ]
        write(document, to: promisePath(key), of: key.server)
    }
}
