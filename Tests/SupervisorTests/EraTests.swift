// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import Testing

@testable import Supervisor

/// What a script of the stateless era does with its first line.
private let modern = """
    read -r line; id=${line#*\\"id\\":}; id=${id%%,*}; id=${id%%\\}*}
    printf '{"jsonrpc":"2.0","id":%s,"result":{"supportedVersions":["2026-07-28"],"capabilities":{}}}\\n' "$id"
    while read -r line; do :; done
    """

@Suite struct EraProbeTests {
    @Test func aModernServerIsFoundOnceAndServed() async throws {
        try await withStage { _, registry, launcher in
            let backend = try registry.backend(running: modern, era: .auto)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            #expect(backend.state == .ready)
            #expect(backend.multiplexer.era == .modern)
            #expect(launcher.launches == 2)
            backend.restart()
            await backend.reach(.stopped)
            await backend.reach(.ready)
            #expect(launcher.launches == 3)
        }
    }

    @Test(arguments: [
        "exit 3", "read -r line; exit 0", "read -r line; echo '{}'; echo garbage; exec cat >/dev/null",
        "read -r line; id=${line#*\\\"id\\\":}; printf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32602}}\\n' \"${id%%,*}\"",
    ])
    func anythingElseMeansAHandshake(script: String) async throws {
        try await withStage { _, registry, launcher in
            // The first process is the probe's, the others shake hands.
            let marker = "/tmp/mcp-era-\(OwnProcess.pid)-\(launcher.launches)-\(script.utf8.count)"
            defer { Files.remove(marker) }
            let both = "if [ ! -e \(marker) ]; then : > \(marker); \(script)\nexit 0; fi\n\(polite)"
            let backend = try registry.backend(running: both, era: .auto)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.ready)
            #expect(backend.state == .ready)
            #expect(backend.multiplexer.era == .legacy)
            #expect(launcher.launches == 2)
        }
    }

    @Test func aServerThatNeverAnswersIsLetGo() async throws {
        try await withStage { _, registry, launcher in
            let order = try registry.backend(running: "trap '' TERM; while :; do sleep 1; done").launchOrder()
            let before = registry.now
            let era = try await EraProbe.era(
                of: order, launcher: launcher, loop: registry.loop, streams: registry.streams, version: "1",
                stopTimeout: 10)
            #expect(era == .legacy)
            // A timer counts from when the loop last woke, a little before it was armed.
            #expect(registry.now - before >= EraProbe.patience - 500)
        }
    }

    @Test func aCommandThatIsNotThereFailsTheStart() async throws {
        try await withStage { _, registry, launcher in
            launcher.refusal = .program("nix", code: 2)
            let backend = try registry.backend(running: "x", era: .auto)
            _ = backend.hold(milliseconds: nil)
            backend.needed()
            await backend.reach(.stopped)
            #expect(backend.lastFailure?.contains("nix") == true)
        }
    }
}

@Suite struct EraStoreTests {
    private func key(_ command: String...) -> SharingKey {
        SharingKey(
            server: "s", share: .repo, repository: "/", directory: "/", session: "", command: command, era: .auto,
            environment: [])
    }

    private static let week: Int64 = 7 * 86_400

    @Test func aVerdictHoldsForItsCommand() throws {
        let place = try TemporaryDirectory()
        let store = EraStore(directory: "\(place.path)/eras", log: Log(foreground: true))
        store.store(.modern, for: key("/bin/sh", "a"), now: 1000)
        #expect(store.verdict(for: key("/bin/sh", "a"), now: 1000 + 10 * Self.week) == .modern)
        #expect(store.verdict(for: key("/bin/sh", "b"), now: 1000) == nil)
        #expect(store.verdict(for: key("/bin/sh"), now: 1000) == nil)
    }

    @Test(arguments: [(Int64(0), true), (week - 1, true), (week, false), (-1, false)])
    func aLegacyVerdictGrowsOld(age: Int64, holds: Bool) throws {
        let place = try TemporaryDirectory()
        let store = EraStore(directory: place.path, log: Log(foreground: true))
        store.store(.legacy, for: key("/bin/sh"), now: 5000)
        #expect(store.verdict(for: key("/bin/sh"), now: 5000 + age) == (holds ? .legacy : nil))
    }

    @Test func anotherBuildOfTheProgramIsAskedAgain() throws {
        let place = try TemporaryDirectory()
        let program = "\(place.path)/server"
        try Files.replace(program, with: [1])
        let store = EraStore(directory: "\(place.path)/eras", log: Log(foreground: true))
        store.store(.modern, for: key(program), now: 0)
        #expect(store.verdict(for: key(program), now: 0) == .modern)
        try Files.replace(program, with: [1, 2])
        #expect(store.verdict(for: key(program), now: 0) == nil)
    }
}
