// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The one owner of a file descriptor: closes it when its own life ends.
public struct Descriptor: ~Copyable, Sendable {
    /// The descriptor's number, for calls that borrow it.
    public let raw: Int32

    /// Takes ownership of an open descriptor.
    public init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// Gives ownership up: the caller closes the descriptor from now on.
    public consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// A second descriptor for the same open file description, close-on-exec, numbered 10 or higher so that it is in
    /// nobody's way when descriptors 0 to 9 are laid out for a child.
    public borrowing func duplicate() throws(PosixError) -> Descriptor {
        let copy = cposix_fcntl_set(raw, F_DUPFD_CLOEXEC, 10)
        guard copy >= 0 else { throw .last("duplicate", "descriptor \(raw)") }
        return Descriptor(owning: copy)
    }

    /// What the descriptor is.
    public borrowing func kind() -> DescriptorKind {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { return .other }
        if cposix_is_fifo(status.st_mode) != 0 { return .pipe }
        if cposix_is_socket(status.st_mode) != 0 { return .socket }
        if cposix_is_directory(status.st_mode) != 0 { return .directory }
        return .other
    }
}

/// What a descriptor refers to, as far as the way to read and write it depends on that.
public enum DescriptorKind: Sendable {
    case pipe, socket, directory, other
}

/// Opens a file. The descriptor is close-on-exec.
public func openFile(_ path: String, flags: Int32, mode: UInt32 = 0o600) throws(PosixError) -> Descriptor {
    let raw = unsafe cposix_open(path, flags | O_CLOEXEC, mode)
    guard raw >= 0 else { throw .last("open", path) }
    return Descriptor(owning: raw)
}

/// Makes a pipe. Both ends are close-on-exec and blocking.
public func makePipe() throws(PosixError) -> Pipe {
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
        unsafe pipe2(bytes.assumingMemoryBound(to: Int32.self).baseAddress, O_CLOEXEC)
    }
    guard result == 0 else { throw .last("make", "a pipe") }
    return Pipe(reading: Descriptor(owning: ends.0), writing: Descriptor(owning: ends.1))
}

/// The two ends of a pipe.
public struct Pipe: ~Copyable, Sendable {
    public let reading: Descriptor
    public let writing: Descriptor

    init(reading: consuming Descriptor, writing: consuming Descriptor) {
        self.reading = reading
        self.writing = writing
    }

    /// Both ends, each with an owner of its own.
    public consuming func ends(
        _ body: (consuming Descriptor, consuming Descriptor) -> Void
    ) {
        body(reading, writing)
    }
}

extension Descriptor {
    /// For a descriptor whose open file description is ours alone.
    public borrowing func makeNonBlocking() {
        let flags = cposix_fcntl_get(raw, F_GETFL)
        _ = cposix_fcntl_set(raw, F_SETFL, flags | O_NONBLOCK)
    }
}

/// Opens a directory to stand in, or to start a program in; it is not read (O_PATH).
public func openDirectory(_ path: String) throws(PosixError) -> Descriptor {
    try openFile(path, flags: O_PATH | O_DIRECTORY)
}
