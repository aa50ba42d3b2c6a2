// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A call of libsystemd or of the kernel that failed: what was tried, on what, and why it did not work.
public struct SystemdError: Error, Equatable, CustomStringConvertible {
    /// What was tried, to follow "cannot": "watch descriptor 7".
    public let operation: String
    /// The positive errno value.
    public let code: Int32

    /// - Parameters:
    ///   - operation: What was tried, to follow "cannot".
    ///   - code: An errno value; libsystemd's negative results may be given as they are.
    public init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = abs(code)
    }

    /// "cannot watch descriptor 7: Operation not permitted".
    public var description: String { "cannot \(operation): \(errorText(code))" }
}

/// The text of an errno value, `strerror_r`'s, which is safe with other threads.
func errorText(_ code: Int32) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let base = buffer.baseAddress else { return "error \(code)" }
        unsafe buffer.initialize(repeating: 0)
        // Glibc offers Swift the POSIX variant: text into the buffer, 0 when it is known.
        guard unsafe strerror_r(code, base, buffer.count) == 0 else { return "error \(code)" }
        return unsafe String(cString: base)
    }
}

/// Turns libsystemd's "negative errno" results into errors.
@discardableResult
func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemdError) -> Int32 {
    guard result >= 0 else { throw SystemdError(operation(), code: result) }
    return result
}
