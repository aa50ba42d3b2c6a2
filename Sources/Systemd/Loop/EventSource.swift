// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Something an `EventLoop` waits for, and what it does then. Ends when it is cancelled or no longer referenced, also
/// from inside its own handler. Belongs to the loop's thread.
@safe public final class EventSource {
    private var source: OpaquePointer?
    private var handler: ((PollEvents) -> Void)?
    private let loop: EventLoop
    private let accuracyMicroseconds: UInt64

    init(loop: EventLoop, accuracyMicroseconds: UInt64 = 0, _ handler: @escaping (PollEvents) -> Void) {
        self.loop = loop
        self.accuracyMicroseconds = accuracyMicroseconds
        self.handler = handler
    }

    deinit { cancel() }

    /// Takes the source that sd-event made for this object.
    func adopt(_ source: OpaquePointer?) { unsafe self.source = source }

    /// The pointer that sd-event hands to the callbacks. Not retained: `deinit` ends the source first.
    var userData: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    /// Runs the handler of the source behind a callback's user data.
    static func fire(_ userData: UnsafeMutableRawPointer?, _ events: PollEvents) {
        guard let userData = unsafe userData else { return }
        // Retained here, so that a handler may drop the last other reference to its own source.
        let source = unsafe Unmanaged<EventSource>.fromOpaque(userData).takeUnretainedValue()
        guard let handler = source.handler else { return }
        handler(events)
    }

    /// Waits no longer and forgets the handler. May be called more than once.
    public func cancel() {
        guard let source = unsafe self.source else { return }
        loop.checkIsolated()
        unsafe self.source = nil
        handler = nil
        unsafe sd_event_source_disable_unref(source)
    }

    /// Whether the source still exists; a timer that has fired does, and can be rearmed.
    public var isCancelled: Bool { unsafe source == nil }

    /// Changes what a descriptor is watched for; an empty set leaves hang-up and error, which epoll always reports.
    public func setEvents(_ events: PollEvents) throws(SystemdError) {
        guard let source = unsafe self.source else { return }
        try check(
            unsafe sd_event_source_set_io_events(source, events.rawValue), "change what a descriptor is watched for")
    }

    /// Stops (false) or resumes (true) watching a descriptor or signal without forgetting the handler.
    public func setEnabled(_ enabled: Bool) throws(SystemdError) {
        guard let source = unsafe self.source else { return }
        let state = enabled ? SD_EVENT_ON : SD_EVENT_OFF
        try check(unsafe sd_event_source_set_enabled(source, Int32(state)), "switch an event source")
    }

    /// Lets a timer fire once more, this long from now; replaces the time it was armed for.
    public func rearm(afterMicroseconds: UInt64) throws(SystemdError) {
        guard let source = unsafe self.source else { return }
        try check(unsafe sd_event_source_set_time_relative(source, afterMicroseconds), "rearm a timer")
        try check(unsafe sd_event_source_set_time_accuracy(source, accuracyMicroseconds), "rearm a timer")
        try check(unsafe sd_event_source_set_enabled(source, Int32(SD_EVENT_ONESHOT)), "rearm a timer")
    }

    /// Stops a timer until it is rearmed.
    public func disarm() throws(SystemdError) { try setEnabled(false) }
}
