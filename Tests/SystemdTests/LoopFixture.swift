// SPDX-License-Identifier: Apache-2.0

import Foundation
import Systemd
import Testing

/// An actor on an event loop, as the supervisor is one.
actor Resident {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
    var seen: [String] = []
    var sources: [EventSource] = []

    init(loop: EventLoop) { self.loop = loop }

    func note(_ text: String) { seen.append(text) }
    func keep(_ source: EventSource) { sources.append(source) }

    /// Runs something on the actor, from anywhere.
    func perform<Result: Sendable>(_ body: @Sendable (isolated Resident) async throws -> Result) async rethrows
        -> Result
    {
        try await body(self)
    }
}

/// Gives an actor's loop a thread of its own, runs a test against it, and ends the loop.
func withResident(_ body: (Resident) async throws -> Void) async throws {
    let (exits, exit) = AsyncStream<Int32>.makeStream()
    let resident = await withCheckedContinuation { (continuation: CheckedContinuation<Resident?, Never>) in
        Thread {
            guard let loop = try? EventLoop() else { return continuation.resume(returning: nil) }
            continuation.resume(returning: Resident(loop: loop))
            exit.yield((try? loop.run()) ?? -1)
            exit.finish()
        }.start()
    }
    let running = try #require(resident)
    try await body(running)
    await running.perform { $0.loop.exit(7) }
    #expect(await exits.first { _ in true } == 7)
}

/// Waits until a predicate on the actor holds, asking once a millisecond, at most ten seconds.
func eventually(_ resident: Resident, _ predicate: @Sendable (isolated Resident) -> Bool) async -> Bool {
    for _ in 0..<10_000 {
        if await resident.perform({ predicate($0) }) { return true }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}
