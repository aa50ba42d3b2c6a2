// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Who is at the other end of a Unix socket, as of its connect(2) (SO_PEERCRED, unix(7)).
///
/// The pid is a hint: the connector may have gone and left the socket to a child.
public struct PeerCredentials: Sendable, Equatable {
    public let pid: Int32
    public let uid: UInt32
}

/// What one receive brought.
public struct Received: Sendable {
    public let count: Int
    /// Descriptors that came along (SCM_RIGHTS), close-on-exec. The caller owns them.
    public let descriptors: [Int32]
    /// The kernel had to drop some (MSG_CTRUNC).
    public let truncated: Bool
}

public enum UnixSocket {
    /// Connects to a path.
    public static func connect(to path: String) throws(PosixError) -> Descriptor {
        let descriptor = try make()
        guard unsafe cposix_connect_unix(descriptor.raw, path) == 0 else { throw .last("connect to", path) }
        return descriptor
    }

    /// Binds and listens at a path that does not exist yet. The socket's mode is 0600.
    public static func listen(at path: String, backlog: Int32 = 128) throws(PosixError) -> Descriptor {
        let descriptor = try make()
        let before = umask(0o177)
        defer { umask(before) }
        guard unsafe cposix_bind_unix(descriptor.raw, path) == 0 else { throw .last("bind", path) }
        guard CPosix.listen(descriptor.raw, backlog) == 0 else { throw .last("listen at", path) }
        return descriptor
    }

    private static func make() throws(PosixError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let raw = socket(AF_UNIX, type, 0)
        guard raw >= 0 else { throw .last("make", "a Unix socket") }
        return Descriptor(owning: raw)
    }

    /// The next connection of a listening, non-blocking socket; `nil` when there is none.
    public static func accept(_ listener: Int32) throws(PosixError) -> Descriptor? {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let raw = cposix_accept(listener, flags)
        if raw >= 0 { return Descriptor(owning: raw) }
        switch cposix_errno() {
        case EAGAIN, EINTR, ECONNABORTED: return nil
        default: throw .last("accept on", "the control socket")
        }
    }

    public static func peer(of socket: Int32) throws(PosixError) -> PeerCredentials {
        var pid: pid_t = 0
        var uid: uid_t = 0
        guard unsafe cposix_peer_credentials(socket, &pid, &uid) == 0 else {
            throw .last("read the peer's identity of", "descriptor \(socket)")
        }
        return PeerCredentials(pid: pid, uid: uid)
    }

    /// Receives bytes and descriptors without waiting; `nil` when nothing is there, a count of 0 at the end.
    public static func receive(
        _ socket: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(PosixError) -> Received? {
        var descriptors: InlineArray<8, Int32> = .init(repeating: -1)
        var held: Int32 = 0
        var truncated: Int32 = 0
        var span = descriptors.mutableSpan
        let count = unsafe span.withUnsafeMutableBufferPointer { slots in
            unsafe cposix_receive_descriptors(
                socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT), slots.baseAddress, &held,
                &truncated)
        }
        if count < 0 {
            let code = cposix_errno()
            if code == EAGAIN || code == EINTR { return nil }
            if code == ECONNRESET { return Received(count: 0, descriptors: [], truncated: false) }
            throw PosixError("receive from", "descriptor \(socket)", code: code)
        }
        var list: [Int32] = []
        for index in 0..<Int(held) { list.append(descriptors[index]) }
        return Received(count: count, descriptors: list, truncated: truncated != 0)
    }
}
