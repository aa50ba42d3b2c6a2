// SPDX-License-Identifier: Apache-2.0

import Posix
import Systemd

/// Processes of a backend that were killed for lack of memory, while the backend goes on: under OOMPolicy=continue, and
/// where the manager does not hear of kills (cgroup v1).
struct KilledProcesses {
    var count: UInt64 = 0
    /// Runs from a kill until it is clear whether the backend goes down with it.
    var clock: EventSource?
}

extension Backend {
    /// Milliseconds after a kill; under OOMPolicy=stop the rest gets SIGTERM, and SIGKILL after this time.
    private static let killPatience: Int64 = BackendLifecycle.killTimeout + 1_000

    /// To be called once when its process runs.
    func noticeKills() {
        guard let process, process.end == nil, let scopes = registry.launcher as? ScopeLauncher else { return }
        scopes.noticeKills(in: process.launched) { [weak self, weak process] in
            guard let self, let process, process === self.process, process.kills.clock == nil else { return }
            process.kills.clock = registry.timer(milliseconds: Backend.killPatience) { [weak self, weak process] in
                process?.kills.clock = nil
                if let self, let process, process === self.process { outlived(scopes, process) }
            }
        }
    }

    private func outlived(_ scopes: ScopeLauncher, _ process: BackendProcess) {
        guard process.end == nil, lifecycle.phase == .ready || lifecycle.phase == .starting else { return }
        let kills = scopes.killsSince(process.launched)
        guard kills > 0 else { return }
        process.kills.count += kills
        registry.log.warning(
            "\(kills) of its processes were killed for lack of memory, and it goes on without them", backend: id,
            unit: process.launched.unit)
    }

    /// For `status`.
    var killsInWords: String? {
        guard let count = process?.kills.count, count > 0 else { return nil }
        return "backend \(id) goes on, but \(count) of its processes were killed for lack of memory"
    }
}
