// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

extension EventLoop {
    /// Calls a handler whenever one of the events happens to a descriptor.
    ///
    /// - Parameter descriptor: Stays the caller's, who cancels the source before closing it. Regular files are refused
    ///   (EPERM).
    public func watch(
        _ descriptor: Int32, _ events: PollEvents, _ handler: @escaping (PollEvents) -> Void
    ) throws(SystemdError) -> EventSource {
        checkIsolated()
        let result = EventSource(loop: self, handler)
        var source: OpaquePointer?
        let happened: sd_event_io_handler_t = { _, _, events, userData in
            unsafe EventSource.fire(userData, PollEvents(rawValue: events))
            return 0
        }
        try check(
            unsafe sd_event_add_io(event, &source, descriptor, events.rawValue, happened, result.userData),
            "watch descriptor \(descriptor)")
        unsafe result.adopt(source)
        return result
    }

    /// Calls a handler once, not before the given time on CLOCK_MONOTONIC; `EventSource.rearm` sets it again.
    ///
    /// - Parameter accuracyMicroseconds: How much later it may fire, so that several timers share one wake-up.
    public func timer(
        afterMicroseconds: UInt64, accuracyMicroseconds: UInt64 = 1000, _ handler: @escaping () -> Void
    ) throws(SystemdError) -> EventSource {
        checkIsolated()
        // sd-event takes an accuracy of 0 for its default of 250 ms.
        let accuracy = max(1, accuracyMicroseconds)
        let result = EventSource(loop: self, accuracyMicroseconds: accuracy) { _ in handler() }
        var source: OpaquePointer?
        let elapsed: sd_event_time_handler_t = { _, _, userData in
            unsafe EventSource.fire(userData, [])
            return 0
        }
        try check(
            unsafe sd_event_add_time_relative(
                event, &source, CLOCK_MONOTONIC, afterMicroseconds, accuracy, elapsed, result.userData),
            "arm a timer")
        unsafe result.adopt(source)
        return result
    }

    /// Calls a handler on a signal, and blocks the signal in the calling thread, as signalfd(2) needs it.
    ///
    /// Threads made before do not block it and could take it away: call this first in the program. Programs started
    /// by posix_spawn(3) inherit the mask unless told otherwise.
    public func onSignal(_ signal: Int32, _ handler: @escaping () -> Void) throws(SystemdError) -> EventSource {
        checkIsolated()
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, signal)
        let masked = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard masked == 0 else { throw SystemdError("block signal \(signal)", code: masked) }
        let result = EventSource(loop: self) { _ in handler() }
        var source: OpaquePointer?
        let arrived: sd_event_signal_handler_t = { _, _, userData in
            unsafe EventSource.fire(userData, [])
            return 0
        }
        try check(
            unsafe sd_event_add_signal(event, &source, signal, arrived, result.userData), "wait for signal \(signal)")
        unsafe result.adopt(source)
        return result
    }
}
