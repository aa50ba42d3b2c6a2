// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// What a descriptor is watched for, or what has happened to it: the bits of epoll(7).
public struct PollEvents: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes, a connection or (on a pidfd) an exit is there to be read.
    public static let readable = PollEvents(rawValue: EPOLLIN.rawValue)
    /// Something out of the ordinary is there: a changed kernel file, a met condition.
    public static let priority = PollEvents(rawValue: EPOLLPRI.rawValue)
    /// A write would take at least one byte.
    public static let writable = PollEvents(rawValue: EPOLLOUT.rawValue)
    /// The peer closed its writing half of a stream socket.
    public static let peerClosed = PollEvents(rawValue: EPOLLRDHUP.rawValue)
    /// Both ends are closed; reported without being asked for. A pipe may still hold unread bytes.
    public static let hangUp = PollEvents(rawValue: EPOLLHUP.rawValue)
    /// An error is pending, or the reading end of a pipe is gone; reported without being asked for.
    public static let error = PollEvents(rawValue: EPOLLERR.rawValue)
    /// Report changes only. The handler must then read or write until EAGAIN.
    public static let edgeTriggered = PollEvents(rawValue: EPOLLET.rawValue)
}
