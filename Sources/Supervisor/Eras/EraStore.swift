// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Posix

/// Which era a server's command speaks, as probing found: one small file a command, valid for the program that was
/// probed, its arguments, and the program's file as it was (time and size).
///
/// A server that learned the new era would never be asked again, so that verdict is believed for a week only.
final class EraStore {
    private static let version: Int64 = 1
    /// Seconds.
    private static let legacyLifetime: Int64 = 7 * 86_400
    private let directory: String
    private let log: Log

    init(directory: String, log: Log) {
        self.directory = directory
        self.log = log
    }

    private func path(of key: SharingKey) -> String {
        var hash = SHA256()
        for argument in key.command { hash.update(Array(argument.utf8) + [0]) }
        return "\(directory)/\(hash.finish()).json"
    }

    /// The verdict, if there is one that holds at `now` (wall clock, seconds).
    func verdict(for key: SharingKey, now: Int64) -> BackendEra? {
        guard let bytes = try? Files.read(path(of: key), limit: 1 << 16),
            let document = try? JSONValue(parsing: bytes), document["version"]?.intValue == EraStore.version,
            document["program"] == ProgramFingerprint.json(of: key),
            let era = document["era"]?.stringValue.flatMap(BackendEra.init(rawValue:)),
            let time = document["probed_at"]?.intValue
        else { return nil }
        // A clock that was set back makes a verdict from the future, which proves nothing.
        let isFresh = time <= now && now - time < EraStore.legacyLifetime
        return era == .modern || isFresh ? era : nil
    }

    func store(_ era: BackendEra, for key: SharingKey, now: Int64) {
        let document: JSONValue = [
            "version": .int(EraStore.version), "program": ProgramFingerprint.json(of: key),
            "era": .string(era.rawValue), "probed_at": .int(now),
        ]
        do {
            try Files.makeDirectory(directory)
            try Files.replace(path(of: key), with: Array(document.text.utf8))
        } catch {
            log.warning("\(error); \(key.server) is probed again at its next start, ignoring")
        }
    }
}
