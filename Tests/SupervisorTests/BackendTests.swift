// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
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

    /// Nobody says anything any more: nothing but the clock can tell that it has nothing to do.
    @Test func aBackendThatDoesNotAnswerARequestOfOurOwnIsIdleOnceThatIsGivenUp() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: polite)
            let hold = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            let session = SessionID(raw: 1)
            let list = Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.utf8)
            backend.withMultiplexer { machine, now, actions in
                machine.open(session, resume: nil, now: now, into: &actions)
                let hello = Array(Self.hello.utf8)
                machine.receive(hello.span, from: session, now: now, into: &actions)
                machine.receive(list.span, from: session, now: now, into: &actions)
                machine.close(session, now: now, into: &actions)
            }
            backend.release(hold)
            #expect(backend.idleSince == nil, "the list is asked for all the same")
            backend.withMultiplexer { machine, now, actions in
                machine.timer(.lists, now: now + 60_000, into: &actions)
            }
            #expect(backend.idleSince != nil)
        }
    }

    private static let hello = """
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},\
        "clientInfo":{"name":"c","version":"1"}}}
        """

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
            #expect(backend.generation == 2)
        }
    }

    @Test func aStopOnRequestIsNoEndOfItsOwn() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            for kill in [false, true] {
                if kill { backend.process?.launched.child.signal(9) } else { backend.stop() }
                await backend.reach(kill ? .failed : .stopped)
                backend.restart()
                await backend.reach(.ready)
                #expect(backend.restarts == (kill ? 1 : 0))
            }
            #expect(backend.generation == 3)
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

    /// A predecessor that was killed in the middle gave some of it back, and told nobody how much.
    @Test func aReclaimThatAPredecessorBeganIsFinished() async throws {
        try await withStage { _, registry, launcher in
            let backend = try registry.backend(running: polite)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            backend.sleep()
            await withCheckedContinuation { done in backend.waitingForSleep.append { done.resume() } }
            let process = try #require(backend.process)
            while !launcher.isFrozen(process.launched) { await Task.yield() }
            backend.adoptSleep(Nap(since: 5))
            backend.goOnSleeping()
            let reply = try await ControlService(registry: registry).hibernate(HibernateParameters(backend: backend.id))
            #expect(reply.backend.state.known == .hibernated)
            #expect(backend.nap?.since == 5 && backend.nap?.reclaimed?.bytes == 1)
        }
    }

    @Test func sessionsOnTheirWayBackAreUsersWhenMemoryIsShort() async throws {
        try await withStage { _, registry, _ in
            let backend = try registry.backend(running: polite)
            #expect(backend.candidate(now: registry.now).users == 0)
            backend.awaited = [SessionID(raw: 1), SessionID(raw: 2)]
            #expect(backend.candidate(now: registry.now).users == 2)
        }
    }
}
