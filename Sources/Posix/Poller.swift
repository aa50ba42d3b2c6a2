// SPDX-License-Identifier: Apache-2.0

import CPosix

/// What a descriptor is ready for (epoll(7)).
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    public static let priority = Readiness(rawValue: EPOLLPRI.rawValue)
    public static let hangup = Readiness(rawValue: EPOLLHUP.rawValue)
    public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// An epoll set: which of many descriptors are ready, a batch at a time.
///
/// The message path has its own set below the event loop's, because sd-event dispatches one source a turn, with a
/// system call each, where a batch of sixty-four costs one.
@safe
public struct Poller: ~Copyable {
    /// One descriptor of a batch that is ready.
    public struct Event {
        /// What ``add(_:token:_:)`` was given.
        public let token: UInt64
        public let readiness: Readiness
    }

    public static let batch = 64

    private let epoll: Descriptor
    private var events: [epoll_event]

    public init() throws(PosixError) {
        let raw = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard raw >= 0 else { throw .last("make", "an epoll set") }
        epoll = Descriptor(owning: raw)
        unsafe events = [epoll_event](repeating: epoll_event(), count: Poller.batch)
    }

    /// The set's own descriptor: readable when a batch is waiting.
    public var descriptor: Int32 { epoll.raw }

    /// Watches a descriptor, level-triggered.
    public func add(_ descriptor: Int32, token: UInt64, _ readiness: Readiness) throws(PosixError) {
        try control(EPOLL_CTL_ADD, descriptor, token, readiness)
    }

    /// Changes what a watched descriptor is watched for.
    public func modify(_ descriptor: Int32, token: UInt64, _ readiness: Readiness) throws(PosixError) {
        try control(EPOLL_CTL_MOD, descriptor, token, readiness)
    }

    /// Stops watching. A descriptor that is not in the set is not an error.
    public func remove(_ descriptor: Int32) {
        _ = epoll_ctl(epoll.raw, EPOLL_CTL_DEL, descriptor, nil)
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ readiness: Readiness
    ) throws(PosixError) {
        var event = unsafe epoll_event()
        unsafe event.events = readiness.rawValue
        unsafe event.data.u64 = token
        guard unsafe epoll_ctl(epoll.raw, operation, descriptor, &event) == 0 else {
            throw .last("watch", "descriptor \(descriptor)")
        }
    }

    /// How many descriptors are ready now, without waiting; read them with ``event(_:)``.
    public mutating func collect() -> Int {
        let ready = unsafe events.withUnsafeMutableBufferPointer { buffer in
            unsafe epoll_wait(epoll.raw, buffer.baseAddress, Int32(Poller.batch), 0)
        }
        return max(0, Int(ready))
    }

    /// One event of the batch that ``collect()`` found.
    public func event(_ index: Int) -> Event {
        let event = unsafe events[index]
        return unsafe Event(token: event.data.u64, readiness: Readiness(rawValue: event.events))
    }
}
