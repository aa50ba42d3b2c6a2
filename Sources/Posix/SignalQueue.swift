// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Signals that wait in a descriptor until they are asked for (signalfd(2)), for a program with one thread.
public struct SignalQueue: ~Copyable {
    public enum Signal: Int32, Sendable, CaseIterable {
        case hangup = 1
        case interrupt = 2
        case quit = 3
        case terminate = 15
        /// Asked to stand still, by a key.
        case suspend = 20
        case windowChanged = 28
    }

    private let own: Descriptor

    /// From now on these signals do nothing but wait. Those that the caller's parent had it ignore stay ignored, as
    /// `nohup` wants it.
    public init(_ signals: [Signal] = Signal.allCases) throws(PosixError) {
        var set = sigset_t()
        _ = unsafe sigemptyset(&set)
        for signal in signals where cposix_is_ignored(signal.rawValue) == 0 {
            _ = unsafe sigaddset(&set, signal.rawValue)
        }
        guard unsafe sigprocmask(SIG_BLOCK, &set, nil) == 0 else { throw .last("block", "signals") }
        let raw = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        guard raw >= 0 else { throw .last("make", "a queue of signals") }
        own = Descriptor(owning: raw)
    }

    /// Readable when a signal waits.
    public var descriptor: Int32 { own.raw }

    /// The next signal that waits, if one does.
    public func next() -> Signal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(own.raw, &info, size) == size else { return nil }
        return Signal(rawValue: Int32(info.ssi_signo))
    }

    /// Lets a signal do to this process what it does to one that does not care.
    public static func obey(_ signal: Signal) {
        var set = sigset_t()
        _ = unsafe sigemptyset(&set)
        _ = unsafe sigaddset(&set, signal.rawValue)
        _ = raise(signal.rawValue)
        _ = unsafe sigprocmask(SIG_UNBLOCK, &set, nil)
        // Only after being suspended we get here.
        _ = unsafe sigprocmask(SIG_BLOCK, &set, nil)
    }
}

/// Waiting for several descriptors at once, for a program that has few.
public enum Readable {
    /// Those of the descriptors that can be read now, or after waiting at most `milliseconds`; at their end, too.
    public static func among(_ descriptors: [Int32], milliseconds: Int) -> [Int32] {
        var watched = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let ready = unsafe poll(&watched, nfds_t(watched.count), Int32(clamping: milliseconds))
        return ready > 0 ? watched.filter { $0.revents != 0 }.map(\.fd) : []
    }
}
