// SPDX-License-Identifier: Apache-2.0

extension EventLoop {
    /// Starts a task of the actor that runs on this loop, with the loop as the task's preferred executor, so that it
    /// never needs another thread.
    ///
    /// For what an event handler starts and cannot wait for.
    @discardableResult
    public func task<Owner: Actor>(
        of owner: Owner, _ operation: @escaping @Sendable (isolated Owner) async -> Void
    ) -> Task<Void, Never> {
        // Unstructured: it outlives the event that asked for it, and ends by itself.
        Task(executorPreference: self) { await operation(owner) }
    }

    /// Suspends the calling task for a while, by a timer of this loop. Is not ended early by cancellation.
    public func sleep(for duration: Duration) async throws(SystemdError) {
        var source: EventSource?
        let failure = await withCheckedContinuation { (continuation: CheckedContinuation<SystemdError?, Never>) in
            do throws(SystemdError) {
                source = try timer(afterMicroseconds: duration.wholeMicroseconds) {
                    continuation.resume(returning: nil)
                }
            } catch {
                continuation.resume(returning: error)
            }
        }
        source?.cancel()
        if let failure { throw failure }
    }
}
