// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The three standard descriptors, as a program for humans uses them.
public enum StandardStream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2

    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Writes everything, unbuffered.
    ///
    /// - Throws: ``PosixError``: ENOSPC, or EPIPE where that signal is ignored.
    public func write(_ bytes: [UInt8]) throws(PosixError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
                return unsafe CPosix.write(rawValue, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                offset += count
            } else if cposix_errno() != EINTR {
                throw .last("write to", self == .error ? "stderr" : "stdout")
            }
        }
    }
}
