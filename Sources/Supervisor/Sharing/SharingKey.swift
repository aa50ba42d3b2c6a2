// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire

/// What two sessions must agree on to share a backend. Compared as a whole, never by a digest alone.
struct SharingKey: Hashable, Sendable, Codable {
    /// The server's name.
    let server: String
    let share: Sharing
    /// The repository's root; empty when the server is shared by the whole user.
    let repository: String
    /// Where it is started: the repository's root, unless an argument means something only in another directory.
    let directory: String
    /// Distinguishes sessions that share with nobody.
    let session: String
    let command: [String]
    /// Which era the backend is spoken to in, as configured.
    var era = EraChoice.legacy
    /// The file mode creation mask (umask(2)): whoever wants files closed to others must not get open ones.
    var umask: UInt32 = SharingKey.usualUmask
    /// `NAME=value`, sorted, without the ignored ones.
    let environment: [[UInt8]]

    /// Byte by byte: to String, names of two directories may be equal that differ in how an accent is written.
    static func == (left: SharingKey, right: SharingKey) -> Bool {
        left.texts == right.texts && left.share == right.share && left.era == right.era && left.umask == right.umask
            && left.environment == right.environment
    }

    func hash(into hasher: inout Hasher) { hasher.combine(texts) }

    private var texts: [ExactText] { ([server, repository, directory, session] + command).map(ExactText.init) }

    static let usualUmask: UInt32 = 0o022

    /// Of a session that shared this backend, and moved to one of its own.
    ///
    /// - Parameter session: what the supervisor and its successors know that session by.
    func moved(_ session: Identity) -> SharingKey {
        var hash = SHA256()
        // Nobody who sees a key is to learn a session's identity from it.
        hash.update(Array("\(session)".utf8))
        return SharingKey(
            server: server, share: share, repository: repository, directory: directory,
            session: String(hash.finish().prefix(16)), command: command, era: era, umask: umask,
            environment: environment)
    }

    /// Whether a session moved there.
    var isMoved: Bool { share != .session && !session.isEmpty }

    /// Of the backend that it shared before.
    var shared: SharingKey {
        guard isMoved else { return self }
        return SharingKey(
            server: server, share: share, repository: repository, directory: directory, session: "", command: command,
            era: era, umask: umask, environment: environment)
    }

    /// A digest of the server alone, wherever it runs: its name, command and era.
    var serverDigest: String {
        var hash = SHA256()
        for part in [server, era.rawValue] { hash.update(field: Array(part.utf8)) }
        for argument in command {
            // Of `{repo}`, or of what was written in its place.
            let isOfAny = repository.utf8.count > 1
            hash.update(field: Array((isOfAny ? argument.replacing(repository, with: "{repo}") : argument).utf8))
        }
        return hash.finish()
    }

    /// A digest of all of it in hexadecimal: names files and units, and shows no value.
    var digest: String {
        var hash = SHA256()
        for part in [server, share.rawValue, repository, directory, session] { hash.update(field: Array(part.utf8)) }
        hash.update(field: Array("\(command.count)".utf8))
        for argument in command { hash.update(field: Array(argument.utf8)) }
        for entry in environment { hash.update(field: entry) }
        // Digests name files: those of the many servers that were there before there was a choice stay as they are.
        if era != .legacy { hash.update(field: Array(era.rawValue.utf8)) }
        if umask != SharingKey.usualUmask { hash.update(field: Array("umask \(umask)".utf8)) }
        return hash.finish()
    }
}

extension SHA256 {
    /// One field, ended by a NUL that no field holds.
    fileprivate mutating func update(field: [UInt8]) {
        update(field)
        update([0])
    }
}

extension SharingKey {
    /// The names, never the values, of what two keys differ in.
    func differences(from other: SharingKey) -> [String] {
        var names: [String] = []
        if ExactText(server) != ExactText(other.server) { names.append("server") }
        if share != other.share { names.append("share") }
        if ExactText(repository) != ExactText(other.repository) { names.append("repo") }
        if ExactText(directory) != ExactText(other.directory) { names.append("directory") }
        if ExactText(session) != ExactText(other.session) { names.append("session") }
        if command.map(ExactText.init) != other.command.map(ExactText.init) { names.append("command") }
        if era != other.era { names.append("era") }
        if umask != other.umask { names.append("umask") }
        let own = variables
        let others = other.variables
        let all = Set(own.keys).union(others.keys)
        return names + all.filter { own[$0] != others[$0] }.sorted().map { "environment: \($0)" }
    }

    /// The environment by name.
    var variables: [String: [UInt8]] {
        var variables: [String: [UInt8]] = [:]
        for entry in environment {
            let name = entry.prefix { $0 != UInt8(ascii: "=") }
            variables[String(decoding: name, as: UTF8.self)] = entry
        }
        return variables
    }
}
