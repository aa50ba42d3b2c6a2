// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A system call that failed: what was tried, on what, and the kernel's reason.
public struct PosixError: Error, Equatable, CustomStringConvertible {
    /// What was tried, as a verb phrase: "open", "connect to".
    public let attempt: String
    /// What it was tried on: a path, a unit, a program.
    public let subject: String
    /// The errno value.
    public let code: Int32

    public init(_ attempt: String, _ subject: String, code: Int32) {
        self.attempt = attempt
        self.subject = subject
        self.code = code
    }

    /// The error of the call that has just returned -1.
    public static func last(_ attempt: String, _ subject: String) -> PosixError {
        PosixError(attempt, subject, code: cposix_errno())
    }

    /// Whether it was for want of something that others had just then: descriptors, memory, room for a process.
    public var isPassing: Bool { [EMFILE, ENFILE, ENOMEM, EAGAIN].contains(code) }

    public var description: String { "cannot \(attempt) \(subject): \(PosixError.text(of: code))" }

    /// The kernel's words for an errno value.
    public static func text(of code: Int32) -> String {
        guard let words = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: words)
    }
}
