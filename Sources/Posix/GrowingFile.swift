// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A file that somebody else appends to, read from wherever one likes.
public struct GrowingFile: ~Copyable {
    private let descriptor: Descriptor
    private let path: String

    public init(path: String) throws(PosixError) {
        descriptor = try openFile(path, flags: O_RDONLY)
        self.path = path
    }

    /// Its length now, in bytes; 0 where it cannot be told.
    public var length: Int64 { Files.identity(of: descriptor.raw)?.size ?? 0 }

    /// Whether its path now leads to another file: it was rotated.
    public var wasReplaced: Bool {
        guard let own = Files.identity(of: descriptor.raw), let now = Files.identity(path) else { return false }
        return own.inode != now.inode || own.device != now.device
    }

    /// Up to `count` bytes from `offset` on; none at the end.
    public borrowing func read(at offset: Int64, count: Int) throws(PosixError) -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let got = unsafe pread(descriptor.raw, buffer.baseAddress, count, off_t(offset))
                if got < 0 { failure = cposix_errno() }
                filled = max(0, got)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw PosixError("read", path, code: failure) }
            return bytes
        }
    }
}

extension Clock {
    /// Sleeps, for a program that has nothing else to do.
    public static func wait(milliseconds: Int) {
        _ = poll(nil, 0, Int32(clamping: milliseconds))
    }
}
