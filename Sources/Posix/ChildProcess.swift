// SPDX-License-Identifier: Apache-2.0

import CPosix

/// How a process ended (waitid(2)).
public enum ProcessEnd: Sendable, Equatable {
    /// It was somebody else's child, and the kernel does not tell.
    case unknown
    case exited(Int32)
    case signaled(Int32)
}

/// A child of ours, held by its pidfd.
///
/// One pidfd a child, and nobody waits for "any" child: another's exit status is not ours to take.
public final class ChildProcess {
    public let pid: Int32
    private let handle: Descriptor

    /// Opens the pidfd of a child that has not been waited for, so the pid cannot have been used again.
    public init(pid: Int32) throws(PosixError) {
        let raw = cposix_pidfd_open(pid)
        guard raw >= 0 else { throw .last("open the pidfd of", "process \(pid)") }
        self.pid = pid
        handle = Descriptor(owning: raw)
    }

    /// A process that another one has started. The caller makes sure, afterwards, that the pid is still the one meant.
    public convenience init(adopting pid: Int32) throws(PosixError) { try self.init(pid: pid) }

    /// A process of somebody else's that was seen before: a later one with its pid is not taken for it.
    ///
    /// - Parameter startTime: ``ProcessTable/startTime(of:)``, as it was then.
    /// - Returns: nil when it is gone.
    public static func seen(_ pid: Int32, startedAt startTime: UInt64) -> ChildProcess? {
        guard let process = try? ChildProcess(adopting: pid), ProcessTable.startTime(of: pid) == startTime else {
            return nil
        }
        return process
    }

    /// A process that has ended already.
    public init(departed pid: Int32) throws(PosixError) {
        self.pid = pid
        // Without a writer it is readable for ever.
        handle = try makePipe().reading.duplicate()
    }

    /// Readable when the process has ended (pidfd_open(2)).
    public var descriptor: Int32 { handle.raw }

    /// How it ended; `nil` while it runs.
    public func reap() -> ProcessEnd? {
        var status: Int32 = 0
        while true {
            let result = unsafe waitpid(pid, &status, WNOHANG)
            if result == 0 { return nil }
            if result == pid { break }
            if cposix_errno() != EINTR { return .unknown }
        }
        return ProcessEnd(waitStatus: status)
    }

    /// How a process ended that is somebody else's child, as far as the kernel tells (PIDFD_GET_INFO, Linux 6.15);
    /// `nil` while its parent has not waited for it.
    public func foreignEnd() -> ProcessEnd? {
        var status: Int32 = 0
        switch unsafe cposix_pidfd_exit(handle.raw, &status) {
        case 1: return ProcessEnd(waitStatus: status)
        case 0: return nil
        default: return .unknown
        }
    }

    /// Sends a signal to exactly this process.
    public func signal(_ number: Int32) {
        _ = cposix_pidfd_send_signal(handle.raw, number)
    }

    /// Sends a signal to its process group.
    public func signalGroup(_ number: Int32) {
        _ = kill(-pid, number)
    }
}

extension ProcessEnd {
    fileprivate init(waitStatus status: Int32) {
        self =
            cposix_signaled(status) != 0
            ? .signaled(cposix_term_signal(status)) : .exited(cposix_exit_status(status))
    }
}
