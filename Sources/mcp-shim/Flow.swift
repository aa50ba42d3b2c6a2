// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Bytes on their way in one direction, at most a buffer of them.
struct Flow {
    private static let size = 16 * 1024

    private var buffer = [UInt8](repeating: 0, count: Flow.size)
    private var start = 0
    private var end = 0
    /// The source has no more.
    private(set) var isEnded = false

    var isEmpty: Bool { start == end }
    var wantsBytes: Bool { isEmpty && !isEnded }

    /// Takes what one call of `read` gives. An error that does not pass, such as EIO from a terminal that was hung up,
    /// is the end.
    mutating func fill(_ read: (UnsafeMutableRawPointer?, Int) -> Int) {
        let count = buffer.withUnsafeMutableBytes { read($0.baseAddress, $0.count) }
        if count > 0 {
            start = 0
            end = count
        } else if count == 0 || !isPassing(cposix_errno()) {
            isEnded = true
        }
    }

    /// Gives away what one call of `write` takes.
    /// - Returns: false when nothing will be taken any more.
    mutating func flush(_ write: (UnsafeRawPointer?, Int) -> Int) -> Bool {
        let count = buffer[start..<end].withUnsafeBytes { write($0.baseAddress, $0.count) }
        guard count < 0 else {
            start += count
            return true
        }
        return isPassing(cposix_errno())
    }

    /// Nobody wants the rest.
    mutating func abandon() {
        start = end
        isEnded = true
    }

    private func isPassing(_ code: Int32) -> Bool {
        code == EINTR || code == EAGAIN
    }
}
