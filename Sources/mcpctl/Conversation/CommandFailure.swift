// SPDX-License-Identifier: Apache-2.0

/// A failure of a command's own, as the one line a human reads.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String
    var exitStatus: Int32 = 1

    init(_ description: String, exitStatus: Int32 = 1) {
        self.description = description
        self.exitStatus = exitStatus
    }
}

/// Several failures of one command, each with a line of its own. The exit status is the worst: without a supervisor
/// (69) before absent (3) before failed (1).
struct Failures: Error {
    private(set) var all: [any Error] = []

    /// Does something for each of them, and goes on after a failure.
    static func collect<Element>(over elements: [Element], _ body: (Element) throws -> Void) throws {
        var failures = Failures()
        for element in elements {
            do {
                try body(element)
            } catch {
                failures.all.append(error)
            }
        }
        if !failures.all.isEmpty { throw failures }
    }
}
