// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Posix

/// A backend as the user names it. What looks like a path is made absolute here: the supervisor's working directory
/// is not the user's.
struct BackendName: ExpressibleByArgument, CustomStringConvertible {
    let description: String

    init?(argument: String) {
        // Every id begins with nothing.
        guard !argument.isEmpty else { return nil }
        let isPath = argument.contains("/") || argument == "." || argument == ".."
        description = isPath ? Self.absolute(argument) : argument
    }

    /// What is not there, or no more, is absolute all the same: it must not be taken for something elsewhere.
    private static func absolute(_ path: String) -> String {
        if let real = Files.resolved(path) { return real }
        return path.hasPrefix("/") ? path : "\(Files.resolved(".") ?? "")/\(path)"
    }
}
