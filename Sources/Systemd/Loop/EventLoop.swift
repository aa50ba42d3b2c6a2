// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Synchronization

/// sd-event as the serial executor of one actor: descriptors, timers, signals, the bus and the actor's own jobs take
/// turns on one thread. Belongs to the thread that creates it; that thread also runs it.
///
/// Start tasks with `task(of:)`, or `Task(executorPreference: loop)`. The Swift runtime resumes a continuation on the task's preferred
/// executor before it goes on to the actor's; without a preference that is a thread of the global pool, which costs
/// ten times as much and is the only reason for such threads to exist. `Task.sleep` brings them back: see `sleep(for:)`.
///
/// Only `enqueue` may be called from other threads: sd-event is not thread-safe.
@safe public final class EventLoop: SerialExecutor, TaskExecutor {
    // A pointer that never changes; what it points to is only touched on `thread`, which `checkIsolated` proves.
    nonisolated(unsafe) let event: OpaquePointer
    private let thread: pthread_t
    private let wakeDescriptor: Int32
    // What other threads enqueued. The eventfd wakes the loop when the first one comes.
    private let foreign = Mutex<[UnownedJob]>([])
    // The following are only touched on `thread`.
    nonisolated(unsafe) private var jobs: [UnownedJob] = []
    nonisolated(unsafe) private var running: [UnownedJob] = []
    nonisolated(unsafe) private var deferred: [() -> Void] = []
    nonisolated(unsafe) private var wakeSource: OpaquePointer?

    /// Makes a loop for the calling thread.
    public init() throws(SystemdError) {
        var event: OpaquePointer?
        try check(unsafe sd_event_new(&event), "make an event loop")
        guard let event = unsafe event else { throw SystemdError("make an event loop", code: ENOMEM) }
        unsafe self.event = event
        thread = pthread_self()
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeDescriptor >= 0 else { throw SystemdError("make an eventfd for the event loop", code: errno) }
        let userData = unsafe Unmanaged.passUnretained(self).toOpaque()
        let wakeUp: sd_event_io_handler_t = { _, _, _, userData in
            guard let userData = unsafe userData else { return 0 }
            unsafe Unmanaged<EventLoop>.fromOpaque(userData).takeUnretainedValue().takeForeignJobs()
            return 0
        }
        try check(
            unsafe sd_event_add_io(event, &wakeSource, wakeDescriptor, EPOLLIN.rawValue, wakeUp, userData),
            "watch the event loop's own eventfd")
    }

    deinit {
        unsafe sd_event_source_disable_unref(wakeSource)
        close(wakeDescriptor)
        unsafe sd_event_unref(event)
    }

    /// Runs until `exit`, and the jobs that are ready then, and returns its code.
    public func run() throws(SystemdError) -> Int32 {
        checkIsolated()
        while unsafe sd_event_get_state(event) != SD_EVENT_FINISHED {
            runJobs()
            runDeferred()
            let wait = unsafe jobs.isEmpty && deferred.isEmpty ? UInt64.max : 0
            let result = unsafe sd_event_run(event, wait)
            if result < 0, result != -EINTR { throw SystemdError("run the event loop", code: result) }
        }
        runLastJobs()
        var code: Int32 = 0
        try check(unsafe sd_event_get_exit_code(event, &code), "read the event loop's exit code")
        return code
    }

    /// Ends `run` after what is being dispatched. Call on the loop's thread.
    public func exit(_ code: Int32) {
        checkIsolated()
        unsafe sd_event_exit(event, code)
    }

    /// Sends WATCHDOG=1 in half the interval that systemd set with WatchdogSec=, from the loop itself, so that a loop
    /// that hangs is noticed. Returns whether a watchdog was asked for.
    @discardableResult
    public func enableWatchdog() throws(SystemdError) -> Bool {
        try check(unsafe sd_event_set_watchdog(event, 1), "enable the watchdog") > 0
    }

    /// CLOCK_MONOTONIC in microseconds.
    public var nowMicroseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    /// Runs a handler once, after what is being dispatched and the jobs that follow from it, before the loop waits.
    public func afterDispatch(_ handler: @escaping () -> Void) {
        checkIsolated()
        unsafe deferred.append(handler)
    }

    private func runDeferred() {
        guard unsafe !deferred.isEmpty else { return }
        let handlers = unsafe deferred
        unsafe deferred.removeAll(keepingCapacity: true)
        for handler in handlers { handler() }
    }

    private func takeForeignJobs() {
        var count: UInt64 = 0
        // Fails only with EAGAIN, when the count is 0 already.
        _ = unsafe read(wakeDescriptor, &count, MemoryLayout<UInt64>.size)
        foreign.withLock { queue in
            unsafe jobs.append(contentsOf: queue)
            queue.removeAll(keepingCapacity: true)
        }
    }

    // A task that is on its way out of the actor is queued at each hop: let it get there. Bounded, because others may
    // enqueue themselves for ever.
    private func runLastJobs() {
        for _ in 0..<1000 {
            takeForeignJobs()
            guard unsafe !jobs.isEmpty else { return }
            runJobs()
        }
    }

    // Runs what is queued now. Jobs that they enqueue wait for the next turn, so that descriptors are not starved.
    private func runJobs() {
        guard unsafe !jobs.isEmpty else { return }
        unsafe swap(&jobs, &running)
        let (serial, task) = unsafe (asUnownedSerialExecutor(), asUnownedTaskExecutor())
        for job in unsafe running { unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
        unsafe running.removeAll(keepingCapacity: true)
    }
}

extension EventLoop {
    /// Takes a job of the actor from any thread. On the loop's own thread this costs no system call.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoop {
            unsafe jobs.append(job)
            return
        }
        let isFirst = foreign.withLock { queue in
            queue.append(job)
            return queue.count == 1
        }
        guard isFirst else { return }
        var one: UInt64 = 1
        // Fails only with EAGAIN, when the counter is full: then the loop is about to wake anyway.
        _ = unsafe write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Whether the caller runs on the loop's thread.
    public var isOnLoop: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Ends the process when the caller is not on the loop's thread: `assumeIsolated` asks this.
    public func checkIsolated() {
        precondition(isOnLoop, "called off the event loop's thread")
    }

    /// The same as a question.
    public func isIsolatingCurrentContext() -> Bool? { isOnLoop }
}
