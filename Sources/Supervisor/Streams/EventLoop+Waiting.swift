// SPDX-License-Identifier: Apache-2.0

import Systemd

/// Waiting for one event in the middle of an asynchronous step.
extension EventLoop {
    /// Returns once a descriptor is readable or hung up, or when it cannot be watched.
    func untilReadable(_ descriptor: Int32) async {
        var source: EventSource?
        await withCheckedContinuation { continuation in
            var waiting: CheckedContinuation<Void, Never>? = continuation
            source = try? watch(descriptor, .readable) { _ in
                waiting?.resume()
                waiting = nil
            }
            guard source == nil else { return }
            waiting?.resume()
            waiting = nil
        }
        source?.cancel()
    }

    /// Returns after a time.
    func pause(milliseconds: Int64) async {
        // Fails only when no timer can be had; then waiting is what can be done without.
        try? await sleep(for: .milliseconds(milliseconds))
    }
}
