// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Small whole files: configuration, snapshots, /proc.
public enum Files {
    /// The bytes of a file.
    ///
    /// - Throws: ``PosixError``; EFBIG when the file is larger than `limit` bytes.
    public static func read(_ path: String, limit: Int = 16 << 20) throws(PosixError) -> [UInt8] {
        let file = try openFile(path, flags: O_RDONLY)
        var content: [UInt8] = []
        while true {
            // Files in /proc are small and tell no size; others are read in ever larger steps.
            let step = max(4096, content.count)
            var failure: Int32 = 0
            let start = content.count
            let got = unsafe content.withUnsafeMutableBytesOfAppended(step) { buffer in
                let count = unsafe CPosix.read(file.raw, buffer.baseAddress, buffer.count)
                if count < 0 { failure = cposix_errno() }
                return max(0, count)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw PosixError("read", path, code: failure) }
            if got == 0 { return content }
            guard start + got <= limit else { throw PosixError("read", path, code: EFBIG) }
        }
    }

    /// The text of a file, or `nil` when it cannot be read: for /proc, whose files come and go.
    public static func text(_ path: String) -> String? {
        guard let bytes = try? read(path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces a file as a whole: a reader, and a crash, see the old content or the new.
    public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o600) throws(PosixError) {
        let temporary = path + ".\(getpid()).new"
        do {
            let file = try openFile(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            try write(bytes, to: file.raw, path: path)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        guard unsafe CPosix.rename(temporary, path) == 0 else {
            let error = PosixError.last("replace", path)
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(PosixError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe CPosix.write(descriptor, buffer[offset...].baseRebased, buffer.count - offset)
            }
            if count < 0 {
                if cposix_errno() == EINTR { continue }
                throw .last("write", path)
            }
            offset += count
        }
    }

    /// Makes a directory and those above it. One that exists is left as it is.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(PosixError) {
        if unsafe mkdir(path, mode) == 0 || cposix_errno() == EEXIST { return }
        guard cposix_errno() == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw .last("make the directory", path)
        }
        try makeDirectory(String(path[..<slash]), mode: mode)
        guard unsafe mkdir(path, mode) == 0 || cposix_errno() == EEXIST else {
            throw .last("make the directory", path)
        }
    }

    /// The names in a directory, sorted; none when it cannot be read.
    public static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe String(cString: cposix_entry_name(entry))
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public static func remove(_ path: String) { _ = unsafe unlink(path) }

    public static func move(_ old: String, to new: String) { _ = unsafe CPosix.rename(old, new) }

    /// Device and inode of a path, the identity that a rename does not change; `nil` when there is nothing.
    public static func identity(_ path: String) -> FileIdentity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
            isDirectory: cposix_is_directory(status.st_mode) != 0, modified: Int64(status.st_mtim.tv_sec),
            size: Int64(status.st_size))
    }

    /// Device and inode of an open descriptor.
    public static func identity(of descriptor: Int32) -> FileIdentity? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        return FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
            isDirectory: cposix_is_directory(status.st_mode) != 0, modified: Int64(status.st_mtim.tv_sec),
            size: Int64(status.st_size))
    }

    /// Where a symbolic link points.
    public static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe cposix_readlink(path, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// A path without links, `.` and `..` (realpath(3)).
    public static func resolved(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}

/// What stat(2) says of a file, as far as we compare it.
public struct FileIdentity: Sendable, Equatable {
    public let device: UInt64
    public let inode: UInt64
    public let isDirectory: Bool
    /// Seconds since 1970.
    public let modified: Int64
    /// Bytes.
    public let size: Int64
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseRebased: UnsafeRawPointer? { unsafe UnsafeRawBufferPointer(rebasing: self).baseAddress }
}

extension [UInt8] {
    /// Lets `body` fill up to `count` bytes after the end, and keeps as many as it says.
    mutating func withUnsafeMutableBytesOfAppended(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int
    {
        let addition = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, kept in
            kept = unsafe body(UnsafeMutableRawBufferPointer(buffer))
        }
        self += addition
        return addition.count
    }
}

/// Opens a file to append to, made when it is not there, readable by its owner only.
public func openLog(_ path: String) throws(PosixError) -> Descriptor {
    try openFile(path, flags: O_WRONLY | O_CREAT | O_APPEND)
}

extension Files {
    /// Appends to an open file; `false` when not all of it could be written (ENOSPC for one).
    public static func append(_ bytes: [UInt8], to file: Int32) -> Bool {
        (try? write(bytes, to: file, path: "the log")) != nil
    }
}

/// Files that keep a rest of something for a successor.
extension Files {
    /// Opens a file of our own, made when it is not there.
    public static func openPrivate(_ path: String) throws(PosixError) -> Descriptor {
        try openFile(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW)
    }

    /// Writes at a place of an open file; `false` when not all of it could be written.
    public static func write(_ bytes: ArraySlice<UInt8>, at offset: Int, to file: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    file, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
            }
            if count < 0, cposix_errno() == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Gives the room of an open file back, from a place on.
    public static func truncate(_ file: Int32, to length: Int = 0) { _ = ftruncate(file, off_t(length)) }
}
