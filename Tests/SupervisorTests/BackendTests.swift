// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Posix
import Testing

@testable import Supervisor

/// The shell around the machines, with real processes and without systemd.
@Suite struct BackendTests {
    @Test func aBackendStartsAndStopsWithItsStdin() async throws {
        try await withStage { _, registry, launcher in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            #expect(backend.state == .starting)
            await backend.reach(.ready)
            #expect(backend.state == .ready)
            backend.stop()
            await backend.reach(.stopped)
            #expect(backend.state == .stopped)
            #expect(backend.lastExit?.reason.known == .stopped)
            #expect(launcher.launches == 1)
        }
    }

    @Test func aProcessThatIgnoresItsStdinIsEnded() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: "exec sleep 1000")
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            backend.stop()
            await backend.reach(.stopped)
            #expect(backend.state == .stopped)
        }
    }

    /// Memory may be short again when the next process runs: it is asked to sleep like any other.
    @Test func theNextProcessIsNotToldThatTheLastCouldNotBeFrozen() async throws {
        try await withStage { _, registry, launcher in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            launcher.freezeRefusal = .program("freeze", code: 16)
            backend.sleep()
            await withCheckedContinuation { done in backend.waitingForSleep.append { done.resume() } }
            #expect(backend.hibernation.phase == .awake)
            #expect(backend.sleepFailure != nil)
            backend.stop()
            await backend.reach(.stopped)
            #expect(backend.sleepFailure == nil)
        }
    }

    @Test func whoeverWaitsForAStartHearsOfAStop() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: "exec sleep 1000")
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            backend.stop()
            // Without an answer this waits for ever.
            await backend.reach(.ready)
            #expect(backend.state == .stopped)
        }
    }

    @Test func whoeverWaitsForAStopHearsOfItThoughItStartsAgain() async throws {
        try await withStage { _, registry, launcher in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            backend.stop()
            backend.needed()
            await backend.reach(.stopped)
            #expect(backend.state == .starting)
            await backend.reach(.ready)
            #expect(launcher.launches == 2)
            #expect(backend.restarts == 1)
        }
    }

    @Test func nothingStartsAtTheEnd() async throws {
        try await withStage { _, registry, launcher in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            registry.isEnding = true
            backend.stop()
            backend.needed()
            await backend.reach(.stopped)
            backend.needed()
            #expect(backend.state == .stopped)
            #expect(launcher.launches == 1)
        }
    }

    @Test func aStartThatIsRefusedSaysWhy() async throws {
        try await withStage { _, registry, launcher in
            launcher.refusal = .program("nonsense", code: 2)
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            #expect(backend.state == .failed)
            #expect(backend.lastFailure == "cannot run nonsense: No such file or directory")
            launcher.refusal = nil
            backend.restart()
            await backend.reach(.ready)
            #expect(backend.state == .ready)
        }
    }

    @Test func aCrashIsToldWithItsLastWords() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            backend.process?.launched.child.signal(9)
            await backend.reach(.failed)
            #expect(backend.lastExit?.reason.known == .signal)
            #expect(backend.lastExit?.status == 9)
            #expect(backend.lastExit?.stderrTail == ["last words"])
        }
    }

    @Test func aCallOfOursThatACrashCutsOffIsAnswered() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            let outcome = await withCheckedContinuation { continuation in
                backend.call(tool: "x", arguments: nil) { continuation.resume(returning: $0) }
                backend.process?.launched.child.signal(9)
            }
            switch outcome {
            case .failed(let reason): #expect(reason.contains("signal 9"))
            case .answered(let answer): #expect(answer["error"]?["message"]?.stringValue?.contains("signal 9") == true)
            }
        }
    }

    @Test func anIdleBackendSaysSoAndAHoldKeepsIt() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: polite)
            let hold = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            backend.release(hold)
            #expect(backend.state == .idle)
            #expect(backend.idleSince != nil)
            _ = backend.hold(milliseconds: 60_000)
            #expect(backend.state == .ready)
        }
    }
}
