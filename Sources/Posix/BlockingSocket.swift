// SPDX-License-Identifier: Apache-2.0

import CPosix

/// What waiting for bytes brought.
public enum Reception: Sendable, Equatable {
    case bytes([UInt8])
    case timedOut
    /// The other side has closed, or is gone.
    case end
}

/// A Unix stream socket for a program that has nothing else to do than wait for its answer.
public struct BlockingSocket: ~Copyable {
    public let descriptor: Descriptor

    /// Connects, waiting at most `milliseconds` for a place in the listener's queue.
    ///
    /// A Unix connect(2) blocks while the queue is full, for at most SO_SNDTIMEO (unix_stream_connect in the kernel),
    /// which is then EAGAIN.
    public init(path: String, milliseconds: Int) throws(PosixError) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let raw = socket(AF_UNIX, type, 0)
        guard raw >= 0 else { throw .last("make", "a Unix socket") }
        let own = Descriptor(owning: raw)
        BlockingSocket.limitSending(raw, milliseconds: milliseconds)
        guard unsafe cposix_connect_unix(raw, path) == 0 else { throw .last("connect to", path) }
        descriptor = own
    }

    private static func limitSending(_ raw: Int32, milliseconds: Int) {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    /// Who listens: the process that called listen(2), which is the service manager where that holds the socket.
    public borrowing func peer() throws(PosixError) -> PeerCredentials {
        try UnixSocket.peer(of: descriptor.raw)
    }

    /// Sends everything, waiting at most `milliseconds` whenever the peer does not read; that is EAGAIN.
    public borrowing func send(_ bytes: [UInt8], milliseconds: Int) throws(PosixError) {
        BlockingSocket.limitSending(descriptor.raw, milliseconds: milliseconds)
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
                return unsafe CPosix.send(descriptor.raw, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                offset += count
            } else if cposix_errno() != EINTR {
                throw .last("send to", "the socket")
            }
        }
    }

    /// Waits at most `milliseconds` for bytes.
    public borrowing func receive(milliseconds: Int) throws(PosixError) -> Reception {
        var watched = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&watched, 1, Int32(clamping: max(0, milliseconds)))
        if ready == 0 || (ready < 0 && cposix_errno() == EINTR) { return .timedOut }
        guard ready > 0 else { throw .last("wait for", "the socket") }
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, filled in
            let count = unsafe recv(descriptor.raw, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 { failure = cposix_errno() }
            filled = max(0, count)
        }
        switch failure {
        case 0: return bytes.isEmpty ? .end : .bytes(bytes)
        case EAGAIN, EINTR: return .timedOut
        case ECONNRESET: return .end
        case let code: throw PosixError("receive from", "the socket", code: code)
        }
    }
}

/// The errno values of a failed connect(2) or send(2) that a caller tells apart.
public enum ConnectFailure {
    /// There is no socket at the path.
    public static let absent = ENOENT
    /// The socket's listener is gone.
    public static let refused = ECONNREFUSED
    /// The time was over.
    public static let busy = EAGAIN
}
