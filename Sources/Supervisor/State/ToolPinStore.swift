// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Posix

/// The pins of each server's tools on the disk, beside its snapshot and 0600. They outlive the snapshot: a program that
/// was replaced is what they are for.
struct ToolPinStore {
    let directory: String
    let log: Log

    private func path(of key: SharingKey) -> String { "\(directory)/\(key.digest).pins" }

    /// None for what only one session has: no later one can have its key.
    func load(for key: SharingKey) -> ToolPins {
        let path = path(of: key)
        guard key.share != .session, Files.identity(path) != nil else { return ToolPins() }
        do {
            if let pins = ToolPins(json: try JSONValue(parsing: try Files.read(path))) { return pins }
            log.warning("\(path) holds no hashes of tools; those of \(key.server) are taken as they are now")
        } catch {
            log.warning("cannot use \(path) (\(error)); the tools of \(key.server) are taken as they are now")
        }
        return ToolPins()
    }

    func store(_ pins: ToolPins, for key: SharingKey) {
        guard key.session.isEmpty else { return }
        do {
            try Files.makeDirectory(directory)
            try Files.replace(path(of: key), with: Array(pins.json.text.utf8))
        } catch {
            log.warning("\(error); changes of the tools of \(key.server) are noticed until the supervisor ends only")
        }
    }
}
