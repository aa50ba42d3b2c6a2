// SPDX-License-Identifier: Apache-2.0

/// One buffer for all reads of a loop: an idle stream costs nothing.
@safe
public final class ReadBuffer {
    private let memory: UnsafeMutableRawBufferPointer

    /// - Parameter size: bytes; a pipe holds 65,536 by default (pipe(7)).
    public init(size: Int = 64 * 1024) {
        unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// Reads what is there into the buffer; valid until the next read.
    public func read(_ stream: borrowing ByteStream) -> ReadResult { unsafe stream.read(into: memory) }

    /// Receives bytes and descriptors from a socket into the buffer.
    public func receive(_ socket: Int32) throws(PosixError) -> Received? {
        unsafe try UnixSocket.receive(socket, into: memory)
    }

    /// Lends the first `count` bytes of what was read last.
    public func withBytes<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let bytes = unsafe UnsafeBufferPointer(
            UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
                .assumingMemoryBound(to: UInt8.self))
        return unsafe body(Span(_unsafeElements: bytes))
    }
}
