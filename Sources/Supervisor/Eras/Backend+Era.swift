// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix

/// Which era the backend is spoken to in: as configured, or as a process beside it answers.
extension Backend {
    /// - Throws: ``LaunchError`` when the probe cannot be started; the backend could not be, either.
    func findEra() async throws(LaunchError) -> BackendEra {
        // The client of a private backend finds out by itself.
        if key.share == .session { return .legacy }
        switch key.era {
        case .legacy: return .legacy
        case .modern: return .modern
        case .auto: break
        }
        if let known = registry.eras.verdict(for: key, now: Clock.wallSeconds()) { return known }
        let era = try await EraProbe.era(
            of: launchOrder(), launcher: registry.launcher, loop: registry.loop, streams: registry.streams,
            version: Control.version, stopTimeout: configuration.stopTimeout)
        registry.log.info("probed: it speaks the \(era.rawValue) era", backend: id)
        registry.eras.store(era, for: key, now: Clock.wallSeconds())
        return era
    }
}
