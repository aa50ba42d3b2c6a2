// SPDX-License-Identifier: Apache-2.0

/// One buffer for all reads of a loop: an idle stream costs nothing.
@safe
public final class ReadBuffer {
    private let memory: UnsafeMutableRawBufferPointer
    /// Where the memory belongs to a file: everything behind what was read last is zero there.
    private let file: SharedMemory?
    private var used = 0

    /// - Parameter size: bytes; a pipe holds 65,536 by default (pipe(7)).
    public init(size: Int = 64 * 1024) {
        unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        file = nil
    }

    /// A buffer whose contents outlive a process that is killed.
    public init(in file: SharedMemory, _ range: Range<Int>) {
        unsafe memory = file.region(range)
        self.file = file
    }

    deinit {
        if file == nil { unsafe memory.deallocate() }
    }

    /// Zeroes what was read last, so that the length of what is read next can be seen.
    public func clean() {
        guard file != nil, used > 0 else { return }
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<used]).initializeMemory(as: UInt8.self, repeating: 0)
        used = 0
    }

    /// Reads what is there into the buffer; valid until the next read.
    public func read(_ stream: borrowing ByteStream) -> ReadResult {
        let result = unsafe stream.read(into: memory)
        if case .bytes(let count) = result { used = max(used, count) }
        return result
    }

    /// Receives bytes and descriptors from a socket into the buffer.
    public func receive(_ socket: Int32) throws(PosixError) -> Received? {
        let received = unsafe try UnixSocket.receive(socket, into: memory)
        used = max(used, received?.count ?? 0)
        return received
    }

    /// Lends the first `count` bytes of what was read last.
    public func withBytes<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let bytes = unsafe UnsafeBufferPointer(
            UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
                .assumingMemoryBound(to: UInt8.self))
        return unsafe body(Span(_unsafeElements: bytes))
    }
}
