// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import Posix
import Testing

@testable import Supervisor

/// A successor and what the service manager kept for it.
@Suite struct TakingOverTests {
    private static let unit = "app-mcp-script-1.scope"

    private static func key(_ share: Sharing) -> SharingKey {
        SharingKey(
            server: "script", share: share, repository: "/", directory: "/", session: share == .session ? "1" : "",
            command: [polite], environment: [])
    }

    /// What a predecessor left of a backend that it was stopping, and that a request waited for.
    private static func stopping(_ registry: Registry) throws -> BackendDocument {
        let key = key(.session)
        let effective = registry.configuration.effective(server: "script", repository: "/")
        var machine = Multiplexer(configuration: Backend.multiplexerConfiguration(key: key, effective), snapshot: nil)
        var actions = Actions()
        machine.open(SessionID(raw: 1), resume: nil, now: 0, into: &actions)
        let line = Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.utf8)
        machine.receive(line.span, from: SessionID(raw: 1), now: 0, into: &actions)
        var document = BackendDocument(key: key, generation: 1, restarts: 0)
        document.unit = unit
        document.handed = HandedBackend(
            machine: try machine.encoded(), sessions: [], timers: [], nextCall: 0, unsent: [],
            unread: LineSplitter(limit: 1024), isStopping: true)
        return document
    }

    /// What a killed predecessor left of a backend that was held, and had not got through its handshake: that cannot be
    /// gone on with.
    private static func held(_ pid: Int32, deaths: Int, _ registry: Registry) -> BackendDocument {
        var document = BackendDocument(key: key(.repo), generation: 3, restarts: 2)
        document.unit = unit
        document.pid = pid
        document.startTime = ProcessTable.startTime(of: OwnProcess.pid) ?? 0
        document.holds = Holds(list: [Holds.Hold(number: 4, deadline: nil)], last: 4)
        for _ in 0..<deaths { _ = document.past.policy.died(at: registry.now, served: 0) }
        return document
    }

    private static func adopt(_ document: BackendDocument, hasPipes: Bool = false, _ registry: Registry) async throws {
        registry.store = DescriptorStore(log: registry.log)
        let record = try BackendRecord(document, log: registry.log)
        record.change { _ in }
        var kept = [(name: "record.\(unit)", descriptor: try Descriptor.copy(of: record.descriptor).release())]
        if hasPipes {
            let pipe = try makePipe()
            kept.append((name: "in.\(unit)", descriptor: try pipe.writing.duplicate().release()))
            kept.append((name: "out.\(unit)", descriptor: try pipe.reading.duplicate().release()))
        }
        await registry.adopt(StoredDescriptors(kept))
    }

    /// Its pipes are not kept any more: its stdin was closed to stop it.
    @Test func whatWaitedForTheEndOfAStopGetsItsStart() async throws {
        try await withStage { _, registry, launcher in
            try await Self.adopt(Self.stopping(registry), registry)
            let backend = try #require(registry.backends[Self.key(.session)])
            #expect(backend.state == .stopping && launcher.launches == 0, "its process may still be there")
            #expect(registry.beingStopped == [Self.unit])
            await backend.reach(.stopped)
            #expect(backend.state == .starting && backend.generation == 2)
        }
    }

    @Test func whatWasPromisedAndCountedHoldsForTheNextProcess() async throws {
        try await withStage { _, registry, launcher in
            let document = Self.held(OwnProcess.pid, deaths: 2, registry)
            try await Self.adopt(document, hasPipes: true, registry)
            let backend = try #require(registry.backends[Self.key(.repo)])
            #expect(backend.state == .stopping && launcher.launches == 0, "its process is there")
            #expect(Array(backend.holds.keys) == [4] && backend.nextHold == 4)
            await backend.reach(.stopped)
            #expect(backend.state == .starting && backend.generation == 4)
            #expect(backend.lifecycle.policy == document.past.policy, "it did not die, it is stopped")
        }
    }

    @Test(arguments: [(0, true), (4, false)])
    func anEndThatNobodySawCountsAsADeath(before: Int, mayStart: Bool) async throws {
        try await withStage { _, registry, _ in
            try await Self.adopt(Self.held(0, deaths: before, registry), hasPipes: true, registry)
            let backend = try #require(registry.backends[Self.key(.repo)])
            #expect(backend.lastExit?.reason.known == .unknown && backend.holds.count == 1)
            switch backend.lifecycle.phase {
            case .resting(let again): #expect(mayStart && again, "a hold wants it")
            case .failed: #expect(!mayStart, "the fifth is a crash loop")
            default: #expect(Bool(false), "\(backend.lifecycle.phase)")
            }
        }
    }

    /// Its stdin was closed.
    @Test func anEndThatWasAskedForIsNoDeath() async throws {
        try await withStage { _, registry, _ in
            try await Self.adopt(Self.held(0, deaths: 4, registry), registry)
            let backend = try #require(registry.backends[Self.key(.repo)])
            #expect(backend.lastExit == nil && backend.holds.count == 1)
            await backend.reach(.stopped)
            #expect(backend.state == .starting)
        }
    }
}
