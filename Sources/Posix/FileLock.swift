// SPDX-License-Identifier: Apache-2.0

import CPosix

/// An exclusive lock on a file (flock(2)), held until it is released or the process ends.
public final class FileLock {
    private let file: Descriptor

    /// Waits until nobody else has it.
    public init(_ path: String) throws(PosixError) {
        file = try openFile(path, flags: O_RDWR | O_CREAT)
        while flock(file.raw, LOCK_EX) != 0 {
            guard cposix_errno() == EINTR else { throw .last("lock", path) }
        }
    }

    /// Nil when somebody has it.
    public static func ifFree(_ path: String) throws(PosixError) -> FileLock? {
        let file = try openFile(path, flags: O_RDWR | O_CREAT)
        while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
            switch cposix_errno() {
            case EINTR: continue
            case EWOULDBLOCK: return nil
            default: throw .last("lock", path)
            }
        }
        return FileLock(holding: file)
    }

    private init(holding file: consuming Descriptor) { self.file = file }

    public func release() { _ = flock(file.raw, LOCK_UN) }
}

extension Files {
    /// Whether this is a directory that belongs to us and nobody else may enter.
    ///
    /// A symbolic link is none: whoever made it may point it elsewhere later.
    public static func isPrivate(_ directory: String) -> Bool {
        var status = stat()
        guard unsafe lstat(directory, &status) == 0, cposix_is_directory(status.st_mode) != 0 else {
            return false
        }
        return status.st_uid == getuid() && status.st_mode & 0o077 == 0
    }
}
