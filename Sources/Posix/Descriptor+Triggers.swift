// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Files of the kernel that are watched for a condition (poll(2), POLLPRI).
extension Descriptor {
    /// Opens a file of pressure stall information, for a condition to be written to it.
    public static func openForTrigger(_ path: String) throws(PosixError) -> Descriptor {
        try openFile(path, flags: O_RDWR | O_NONBLOCK)
    }

    /// Writes a text at once; whether the kernel took all of it.
    public borrowing func takes(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe bytes.withUnsafeBytes { unsafe CPosix.write(raw, $0.baseAddress, $0.count) } == bytes.count
    }

    /// Reads a small file again from its beginning: only then does the kernel tell of the next change.
    public borrowing func readFromStart() {
        var buffer = [UInt8](repeating: 0, count: 512)
        _ = unsafe buffer.withUnsafeMutableBytes { unsafe pread(raw, $0.baseAddress, $0.count, 0) }
    }
}
