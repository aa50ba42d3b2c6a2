// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Posix

/// A backend as the user names it. What looks like a path is made absolute here: the supervisor's working directory
/// is not the user's.
struct BackendName: ExpressibleByArgument, CustomStringConvertible {
    let description: String

    init(argument: String) {
        let isPath = argument.contains("/") || argument == "." || argument == ".."
        description = isPath ? Files.resolved(argument) ?? argument : argument
    }
}
