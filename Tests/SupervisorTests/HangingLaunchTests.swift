// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd
import Testing

@testable import Supervisor

/// The launcher does not answer: a service manager that hangs.
@Suite struct HangingLaunchTests {
    @Test(.timeLimit(.minutes(1)))
    func whoeverWaitsIsToldWhenTheTimeForTheStartIsUp() async throws {
        try await withStage { stage, registry, launcher in
            launcher.hangs = true
            let backend = try registry.backend(running: polite)
            backend.lifecycle.startTimeout = 50
            backend.needed()
            await backend.reach(.failed)
            #expect(backend.lastFailure?.contains("within 50 ms, which is start_timeout") == true)
            // What the launcher was asked for comes after all: nobody wants it any more.
            launcher.letGoOn()
            while launcher.kills == 0 { await registry.loop.pause(milliseconds: 5) }
            #expect(backend.process == nil && backend.launching == nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func theNextStartIsNotTakenForTheOneThatHung() async throws {
        try await withStage { stage, registry, launcher in
            launcher.hangs = true
            let backend = try registry.backend(running: polite)
            backend.lifecycle.startTimeout = 50
            backend.needed()
            await backend.reach(.failed)
            launcher.letGoOn()
            backend.lifecycle.startTimeout = 20_000
            backend.restart()
            await backend.reach(.idle)
            #expect(backend.state == .idle && launcher.launches == 2)
            while launcher.kills == 0 { await registry.loop.pause(milliseconds: 5) }
            // The one that hung is ended, the other is not.
            #expect(backend.state == .idle && backend.process?.end == nil)
            backend.stop()
            await backend.reach(.stopped)
        }
    }

    /// Its handshake may take as long as start_timeout, and nobody can come to it any more.
    @Test(.timeLimit(.minutes(1)))
    func whatIsThereAfterItsOnlySessionHasGoneIsEnded() async throws {
        try await withStage { stage, registry, launcher in
            launcher.hangs = true
            let key = SharingKey(
                server: "script", share: .session, repository: "/", directory: "/", session: "1",
                command: ["exec cat >/dev/null"], environment: [])
            let backend = registry.backend(for: key, directory: try openDirectory("/"))
            backend.needed()
            while launcher.launches == 0 { await registry.loop.pause(milliseconds: 5) }
            launcher.letGoOn()
            await backend.reach(.stopped)
            #expect(backend.state == .stopped && launcher.launches == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aStopDoesNotWaitForTheLauncherEither() async throws {
        try await withStage { stage, registry, launcher in
            launcher.hangs = true
            let backend = try registry.backend(running: polite)
            backend.needed()
            backend.stop()
            await backend.reach(.stopped)
            #expect(backend.launching == nil)
            launcher.letGoOn()
            while launcher.kills == 0 { await registry.loop.pause(milliseconds: 5) }
        }
    }
}
