// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A file as memory: what is stored here is there for whoever opens the file next, also when we are killed between two
/// stores. No system call on the way.
@safe
public final class SharedMemory {
    private let memory: UnsafeMutableRawPointer
    /// In bytes.
    public let size: Int

    /// Makes a file of zeros, readable by its owner only. Its room is taken now: a store into a page that a full file
    /// system cannot give would end the process.
    public init(creating path: String, size: Int) throws(PosixError) {
        _ = unsafe unlink(path)
        let file = try openFile(path, flags: O_RDWR | O_CREAT | O_EXCL)
        let result = posix_fallocate(file.raw, 0, off_t(size))
        guard result == 0 else {
            _ = unsafe unlink(path)
            throw PosixError("find room for", path, code: result)
        }
        guard let memory = unsafe cposix_map_shared(file.raw, size) else { throw .last("map", path) }
        unsafe self.memory = memory
        self.size = size
    }

    /// Opens a file of exactly this size that we made ourselves.
    public init(opening path: String, size: Int) throws(PosixError) {
        let file = try openFile(path, flags: O_RDWR | O_NOFOLLOW)
        var status = stat()
        guard unsafe fstat(file.raw, &status) == 0 else { throw .last("look at", path) }
        guard status.st_uid == getuid(), status.st_size == off_t(size) else {
            throw PosixError("use", path, code: EINVAL)
        }
        guard let memory = unsafe cposix_map_shared(file.raw, size) else { throw .last("map", path) }
        unsafe self.memory = memory
        self.size = size
    }

    deinit { _ = unsafe munmap(memory, size) }

    /// Stores a number as one piece, after everything that was stored before it. `offset` is a multiple of 8.
    public func store(_ value: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset % 8 == 0 && offset <= size - 8, "a store outside of the file")
        unsafe cposix_store(memory + offset, value)
    }

    public func load(_ offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset % 8 == 0 && offset <= size - 8, "a load outside of the file")
        return unsafe cposix_load(memory + offset)
    }

    public func store(_ bytes: [UInt8], at offset: Int) {
        precondition(offset >= 0 && offset <= size - bytes.count, "a store outside of the file")
        unsafe bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe (memory + offset).copyMemory(from: start, byteCount: source.count)
        }
    }

    public func bytes(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= size, "bytes outside of the file")
        return unsafe Array(UnsafeRawBufferPointer(start: memory + range.lowerBound, count: range.count))
    }

    /// A part of it to read streams into.
    func region(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= size, "a region outside of the file")
        return unsafe UnsafeMutableRawBufferPointer(start: memory + range.lowerBound, count: range.count)
    }
}
