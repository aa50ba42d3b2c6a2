// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The process we are.
public enum OwnProcess {
    public static var pid: Int32 { getpid() }
    public static var uid: UInt32 { getuid() }

    /// The path of the running program.
    public static var executable: String? { Files.link("/proc/self/exe") }

    /// The environment, entry by entry, as bytes.
    public static func environment() -> [[UInt8]] {
        var entry = unsafe cposix_environ()
        var entries: [[UInt8]] = []
        while let text = unsafe entry.pointee {
            unsafe entries.append(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
            unsafe entry += 1
        }
        return entries
    }

    /// One variable of the environment.
    public static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The user's home directory: HOME, or what the user database says.
    public static var home: String {
        if let home = variable("HOME"), !home.isEmpty { return home }
        guard let entry = unsafe getpwuid(getuid()), let home = unsafe entry.pointee.pw_dir else { return "/" }
        return unsafe String(cString: home)
    }

    /// Makes orphaned descendants our children (prctl(2), PR_SET_CHILD_SUBREAPER), so that none gets away.
    public static func becomeSubreaper() { _ = cposix_set_child_subreaper(1) }

    /// A write to a closed pipe is an error of that write, not the end of the process.
    public static func ignoreBrokenPipes() {
        var former = sigaction()
        unsafe cposix_ignore_signal(SIGPIPE, &former)
    }

    /// Raises the soft limit of open descriptors to the hard one.
    ///
    /// - Returns: the soft limit before, which children get back: select(2) breaks above 1024.
    public static func raiseDescriptorLimit() -> UInt64 {
        var limit = rlimit()
        guard unsafe cposix_get_descriptor_limit(&limit) == 0 else { return 1024 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        _ = unsafe cposix_set_descriptor_limit(&limit)
        return UInt64(before)
    }

    /// How many descriptors are open.
    public static var openDescriptors: Int { Files.names(in: "/proc/self/fd").count }

    /// The file mode creation mask. umask(2) can only be read by setting it.
    public static var umask: Int32 {
        let mask = CPosix.umask(0o077)
        _ = CPosix.umask(mask)
        return Int32(mask)
    }

    public static func send(_ signal: Int32, to pid: Int32) { _ = kill(pid, signal) }

    /// Waits, and nothing else goes on meanwhile.
    public static func pause(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }

    /// Waits for a child that has ended, if it has.
    public static func reap(_ pid: Int32) {
        var status: Int32 = 0
        _ = unsafe waitpid(pid, &status, WNOHANG)
    }
}

extension OwnProcess {
    /// Waits for a child that has been killed, until it is gone.
    public static func waitFor(_ pid: Int32) {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, cposix_errno() == EINTR {}
    }
}

extension Descriptor {
    /// A descriptor of our own for one that somebody else holds.
    public static func copy(of raw: Int32) throws(PosixError) -> Descriptor {
        let copy = cposix_fcntl_set(raw, F_DUPFD_CLOEXEC, 10)
        guard copy >= 0 else { throw .last("duplicate", "descriptor \(raw)") }
        return Descriptor(owning: copy)
    }
}

extension OwnProcess {
    /// Lets everybody else have the processor first (setpriority(2)).
    public static func yieldProcessor() { _ = setpriority(PRIO_PROCESS, 0, 19) }

    /// Gives heap pages that are free back to the kernel (malloc_trim(3)).
    public static func releaseUnusedMemory() { cposix_trim_heap() }
}

/// Ends the process with a status.
public func exit(_ status: Int32) -> Never { CPosix.exit(status) }
