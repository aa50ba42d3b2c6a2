// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// What a service tells its manager, sd_notify(3). Outside a service every call does nothing and returns false.
public enum ServiceNotification {
    /// Sends assignments, one a line. Returns whether there was somebody to take them.
    @discardableResult
    public static func send(_ state: String) -> Bool { unsafe sd_notify(0, state) > 0 }

    /// Start-up is finished.
    @discardableResult
    public static func ready() -> Bool { send("READY=1") }

    /// The service is about to exit.
    @discardableResult
    public static func stopping() -> Bool { send("STOPPING=1") }

    /// The configuration is being read again; `ready` ends it. Reports the time, as Type=notify-reload wants it.
    @discardableResult
    public static func reloading() -> Bool {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return send("RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)")
    }

    /// One line for `systemctl status`.
    @discardableResult
    public static func status(_ text: String) -> Bool { send("STATUS=\(text)") }

    /// Start or stop will take this much longer, from now.
    @discardableResult
    public static func extendTimeout(microseconds: UInt64) -> Bool { send("EXTEND_TIMEOUT_USEC=\(microseconds)") }

    /// Gives the manager a duplicate of a descriptor to keep over a restart. A pipe stored here gets no end-of-file
    /// until `removeStored`. The store may be full without saying so: compare NFileDescriptorStore after `barrier`.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 printable ASCII characters, no colon; unique, since removal is by name.
    ///   - descriptor: Stays the caller's.
    /// - Returns: Whether there was a manager to take it.
    @discardableResult
    public static func storeDescriptor(name: String, _ descriptor: Int32) throws(SystemdError) -> Bool {
        let isValid =
            (1...255).contains(name.utf8.count) && name.utf8.allSatisfy { (33...126).contains($0) && $0 != 58 }
        guard isValid else { throw SystemdError("store a descriptor under the name “\(name)”", code: EINVAL) }
        // By default the manager drops a pipe when its peer is gone, and the last unread output with it.
        let state = "FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0"
        var descriptors = [descriptor]
        let result = unsafe sd_pid_notify_with_fds(0, 0, state, &descriptors, 1)
        return try check(result, "store descriptor \(descriptor) as \(name)") > 0
    }

    /// Lets the manager close what it keeps under a name.
    @discardableResult
    public static func removeStored(name: String) -> Bool { send("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// Waits until the manager has read everything sent before.
    ///
    /// - Throws: ETIMEDOUT.
    @discardableResult
    public static func barrier(timeout: Duration = .seconds(5)) throws(SystemdError) -> Bool {
        try check(sd_notify_barrier(0, timeout.wholeMicroseconds), "wait for the manager's notification barrier")
            > 0
    }
}
