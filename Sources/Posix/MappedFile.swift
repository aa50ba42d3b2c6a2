// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A file's bytes in memory, read from the disk as they are looked at and shared by all who map the same file.
///
/// Whoever shortens the file while it is mapped ends the process (SIGBUS): files for this are replaced as a whole.
@safe public final class MappedFile {
    /// Begins at a page. Valid as long as the object is.
    public let bytes: UnsafeRawBufferPointer

    /// Maps a regular file as it is now.
    ///
    /// - Throws: ``PosixError``; ENODATA for an empty file.
    public init(_ path: String) throws(PosixError) {
        let file = try openFile(path, flags: O_RDONLY)
        guard let identity = Files.identity(of: file.raw) else { throw .last("look at", path) }
        guard !identity.isDirectory else { throw PosixError("map", path, code: EISDIR) }
        guard identity.size > 0 else { throw PosixError("map", path, code: ENODATA) }
        let count = Int(identity.size)
        let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, file.raw, 0)
        guard let address = unsafe address, UInt(bitPattern: address) != UInt.max else { throw .last("map", path) }
        unsafe bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    deinit {
        unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    /// Gives the pages back; those that are looked at again come from the page cache (madvise(2)).
    public func forgetPages() {
        _ = unsafe madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
    }
}
