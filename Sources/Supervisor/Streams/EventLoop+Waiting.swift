// SPDX-License-Identifier: Apache-2.0

import Posix
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

    /// How a process ended whose parent we are not: known once its parent has waited for it, which is a matter of
    /// milliseconds unless that one hangs.
    func end(ofForeign process: ChildProcess) async -> ProcessEnd {
        for _ in 0..<40 {
            if let end = process.foreignEnd() { return end }
            await pause(milliseconds: 25)
        }
        return .unknown
    }

    /// Returns after a time.
    func pause(milliseconds: Int64) async {
        // Fails only when no timer can be had; then waiting is what can be done without.
        try? await sleep(for: .milliseconds(milliseconds))
    }
}
