// SPDX-License-Identifier: Apache-2.0

import Posix

/// Where a session's repository is, and how that was found.
enum RepositoryChoice: Equatable, Sendable {
    /// The root of the work tree, or the directory named when it is in none.
    case found(String)
    /// Only the client's roots can tell.
    case askClient
    /// Said, but unusable: the reason goes to the user.
    case refused(String)
}

enum Repository {
    /// The order of interface.md: `--repo`, `CLAUDE_PROJECT_DIR`, the working directory, else the client's roots.
    static func choose(
        named: String?, projectDirectory: String?, workingDirectory: String?, home: String
    ) -> RepositoryChoice {
        if let named { return explicit(named, from: "--repo", workingDirectory: workingDirectory) }
        if let projectDirectory, !projectDirectory.isEmpty {
            return explicit(projectDirectory, from: "CLAUDE_PROJECT_DIR", workingDirectory: workingDirectory)
        }
        // HOME may be a link or end in a slash; a working directory comes from the kernel and does neither.
        let home = Files.resolved(home) ?? home
        guard let workingDirectory, workingDirectory != "/", workingDirectory != home,
            let root = workTree(around: workingDirectory), root != home
        else { return .askClient }
        return .found(root)
    }

    private static func explicit(_ path: String, from source: String, workingDirectory: String?) -> RepositoryChoice {
        if path.isEmpty { return .refused("\(source) is empty; write the repository's path there") }
        if path.contains("${") {
            return .refused(
                "\(source) is \(path): the client did not replace the variable; write the repository's path there")
        }
        let absolute = path.hasPrefix("/") ? path : (workingDirectory ?? "") + "/" + path
        guard let real = Files.resolved(absolute), Files.identity(real)?.isDirectory == true else {
            return .refused("\(source) is \(path), which is not a directory; name one that exists")
        }
        return .found(workTree(around: real) ?? real)
    }

    /// The nearest directory at or above `path` that holds `.git`, as a directory or a file: a linked work tree is a
    /// root of its own. `nil` when there is none.
    static func workTree(around path: String) -> String? {
        var directory = path
        while !directory.isEmpty {
            if Files.identity(directory + "/.git") != nil { return directory }
            guard let slash = directory.lastIndex(of: "/"), directory != "/" else { return nil }
            directory = slash == directory.startIndex ? "" : String(directory[..<slash])
        }
        return Files.identity("/.git") != nil ? "/" : nil
    }
}
