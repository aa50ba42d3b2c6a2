// SPDX-License-Identifier: Apache-2.0

import CPosix

/// What reading found.
public enum ReadResult: Sendable, Equatable {
    case bytes(Int)
    /// Nothing there now.
    case wouldBlock
    /// The other side has closed, or is gone (ECONNRESET, EIO of a terminal).
    case end
}

/// What writing did.
public enum WriteResult: Sendable, Equatable {
    case written(Int)
    case wouldBlock
    /// Nobody will ever read this (EPIPE, ECONNRESET).
    case closed
    /// Anything else, ENOSPC for one.
    case failed(Int32)
}

/// Reads and writes one descriptor that somebody else may hold too, without ever changing its flags.
///
/// O_NONBLOCK belongs to the open file description, which an agent's pipe shares with whoever made it. So a pipe is
/// opened anew through `/proc/self/fd`, which gives a description of our own; a socket is asked with MSG_DONTWAIT.
/// Where a pipe cannot be opened anew (another user made it), and for terminals, every read and write is preceded by a
/// poll(2), and writes are kept to PIPE_BUF bytes, which a pipe that poll calls writable takes without blocking
/// (pipe(7)).
public struct ByteStream: ~Copyable {
    private enum Manner { case nonBlocking, socket, careful }

    private let descriptor: Descriptor
    private let manner: Manner

    /// Takes over a descriptor that came from elsewhere.
    public init(adopting foreign: consuming Descriptor, writing: Bool) {
        switch foreign.kind() {
        case .socket:
            manner = .socket
            descriptor = foreign
        case .pipe:
            let flags = (writing ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC
            let own = unsafe cposix_open("/proc/self/fd/\(foreign.raw)", flags, 0)
            manner = own >= 0 ? .nonBlocking : .careful
            descriptor = own >= 0 ? Descriptor(owning: own) : foreign
        case .directory, .other:
            manner = .careful
            descriptor = foreign
        }
    }

    /// Takes over a descriptor that nobody else holds, and makes it non-blocking.
    public init(own descriptor: consuming Descriptor) {
        let flags = cposix_fcntl_get(descriptor.raw, F_GETFL)
        _ = cposix_fcntl_set(descriptor.raw, F_SETFL, flags | O_NONBLOCK)
        manner = descriptor.kind() == .socket ? .socket : .nonBlocking
        self.descriptor = descriptor
    }

    /// The number, to be watched.
    public var raw: Int32 { descriptor.raw }

    /// Reads what is there, at most a buffer full.
    public borrowing func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        while true {
            if manner == .careful, !isReady(POLLIN) { return .wouldBlock }
            let count =
                manner == .socket
                ? unsafe recv(raw, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                : unsafe CPosix.read(raw, buffer.baseAddress, buffer.count)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch cposix_errno() {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .end
            }
        }
    }

    /// Writes as much as fits now.
    public borrowing func write(_ bytes: UnsafeRawBufferPointer) -> WriteResult {
        let most = manner == .careful ? min(bytes.count, Int(PIPE_BUF)) : bytes.count
        while true {
            if manner == .careful, !isReady(POLLOUT) { return .wouldBlock }
            let count =
                manner == .socket
                ? unsafe send(raw, bytes.baseAddress, most, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                : unsafe CPosix.write(raw, bytes.baseAddress, most)
            if count >= 0 { return .written(count) }
            switch cposix_errno() {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EPIPE, ECONNRESET: return .closed
            case let code: return .failed(code)
            }
        }
    }

    /// How much of so many bytes one ``write(_:)`` takes whole, or not at all: PIPE_BUF bytes (pipe(7)); more while nothing
    /// that was written before waits to be read.
    public borrowing func takenWhole(of count: Int) -> Int {
        guard count > Int(PIPE_BUF), manner != .careful else { return min(count, Int(PIPE_BUF)) }
        let room = manner == .socket ? cposix_socket_room(raw) : cposix_pipe_room(raw)
        return min(count, max(Int(room), Int(PIPE_BUF)))
    }

    /// Whether a call on a descriptor that blocks would return at once. An error or a hangup does.
    private borrowing func isReady(_ events: Int32) -> Bool {
        var watched = pollfd(fd: raw, events: Int16(events), revents: 0)
        return unsafe poll(&watched, 1, 0) > 0
    }
}
