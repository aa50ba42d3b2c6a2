// SPDX-License-Identifier: Apache-2.0

import Control
import Posix

/// Who asks for a backend, and with what: the common part of `Attach` and `Request`.
struct ServerCommand {
    let name: String
    let share: Sharing
    let configured: ServerConfiguration
    /// `{repo}` still stands for the repository.
    let command: [String]
    let environment: [[UInt8]]
    let ignored: [String]
    let projectDirectory: String?

    init(
        argv: [String]?, name: String?, share: String?, environment: [String], rawEnvironment: [String]?,
        configuration: Configuration, ignored list: IgnoredEnvironment
    ) throws(ControlError) {
        if let share, Sharing(rawValue: share) == nil {
            throw .invalidParameter(
                parameter: "share", reason: "--share is '\(share)', but must be one of repo, user, session")
        }
        let known = name ?? ServerName.of(command: argv ?? [])
        configured = configuration.servers[known] ?? ServerConfiguration()
        guard let command = argv ?? configured.command, !command.isEmpty else {
            throw .noServer(known, known: configuration.servers.keys.sorted())
        }
        self.name = known
        self.command = command
        self.share = share.flatMap(Sharing.init) ?? configured.share ?? .repo
        let passed = PassedEnvironment(
            ignored: list, allowed: configured.passEnvironment ?? configuration.passEnvironment)
        var kept: [[UInt8]] = []
        var left: [String] = []
        var project: String?
        var entries = environment.map { Array($0.utf8) }
        for text in rawEnvironment ?? [] {
            guard let entry = Hexadecimal.bytes(text) else {
                throw .invalidParameter(parameter: "raw_environment", reason: "an entry is not hexadecimal")
            }
            entries.append(entry)
        }
        for entry in entries {
            let variable = String(decoding: entry.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            if variable == "CLAUDE_PROJECT_DIR" {
                project = String(decoding: entry.dropFirst(variable.utf8.count + 1), as: UTF8.self)
            }
            if passed.contains(variable) { kept.append(entry) } else { left.append(variable) }
        }
        self.environment = kept.sorted { $0.lexicographicallyPrecedes($1) }
        self.ignored = left.sorted()
        projectDirectory = project
    }

    /// The key in a repository.
    ///
    /// - Parameters:
    ///   - workingDirectory: where the agent started the shim.
    ///   - session: what makes an unshared backend different from all others.
    func key(
        repository: String?, workingDirectory: String, home: String, session: String, umask: Int32? = nil
    ) -> SharingKey {
        let root = repository ?? workingDirectory
        let arguments = command.map { $0 == "{repo}" ? root : $0.replacing("{repo}", with: root) }
        var directory = share == .user ? home : root
        if directory != workingDirectory, namesSomething(in: workingDirectory, arguments) {
            directory = workingDirectory
        }
        return SharingKey(
            server: name, share: share, repository: share == .user ? "" : root, directory: directory,
            session: share == .session ? session : "", command: arguments, era: configured.era,
            umask: umask.map { UInt32(bitPattern: $0) & 0o777 } ?? SharingKey.usualUmask, environment: environment)
    }

    /// Whether an argument is a relative path to something that is there: then the server must start there.
    ///
    /// Any name may be a path, also behind the `=` of an option; only the program's own is looked up in `PATH`.
    private func namesSomething(in directory: String, _ arguments: [String]) -> Bool {
        arguments.enumerated().contains { index, argument in
            let isOption = argument.hasPrefix("-")
            let path = isOption ? argument.drop { $0 != "=" }.dropFirst() : argument[...]
            guard !path.isEmpty, !path.hasPrefix("/"), index > 0 || path.contains("/") else { return false }
            return Files.identity("\(directory)/\(path)") != nil
        }
    }
}

extension String {
    /// The text with each occurrence of a part replaced; the standard library has this only with Foundation.
    func replacing(_ part: String, with replacement: String) -> String {
        var result: [UInt8] = []
        let bytes = Array(utf8)
        let pattern = Array(part.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: pattern) {
                result += Array(replacement.utf8)
                index += pattern.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
