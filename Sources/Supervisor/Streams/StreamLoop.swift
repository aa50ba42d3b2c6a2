// SPDX-License-Identifier: Apache-2.0

import Posix

/// Something that reads or writes a descriptor when it is ready.
protocol StreamHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// Something that has bytes to write at the end of the turn.
protocol Flushable: AnyObject {
    func flush()
}

/// A watched descriptor.
struct StreamToken: Equatable {
    fileprivate let slot: Int
    fileprivate let generation: UInt32
    fileprivate let descriptor: Int32

    fileprivate var wire: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The message path: all pipes and sockets of sessions and backends, in batches, below the event loop.
///
/// Within a turn messages are read and routed; what a few of them leave in outboxes is written together: a crowd of
/// sessions shares the writes to its backend.
final class StreamLoop {
    private struct Slot {
        weak var handler: (any StreamHandler)?
        var generation: UInt32 = 0
    }

    private var poller: Poller
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var dirty: [any Flushable] = []
    private var isInTurn = false
    /// The batch: how many events it has, and which one is the next.
    private var (count, next) = (0, 0)
    /// Called when something was sent outside a turn, by a timer or a step: ``flushAll()`` is to be called soon.
    var wantsFlush: () -> Void = {}
    let buffer: ReadBuffer

    /// Microseconds after which a turn begins nothing more: a question of mcpctl's takes a dozen steps, and under load
    /// a turn goes between any two.
    static let span: UInt64 = 4_000
    /// Events between two flushes: few enough that a backend on another core begins while we read on, enough that a
    /// crowd of sessions shares a write.
    private static let flushInterval = 4

    /// - Parameter buffer: for all reads.
    init(buffer: ReadBuffer = ReadBuffer()) throws(PosixError) {
        // Readers go at any time, and that is an error of the write.
        OwnProcess.ignoreBrokenPipes()
        self.buffer = buffer
        poller = try Poller()
    }

    /// Readable when there is a turn to take.
    var descriptor: Int32 { poller.descriptor }

    /// Watches a descriptor; the handler is not kept alive.
    func add(
        _ descriptor: Int32, _ readiness: Readiness, _ handler: any StreamHandler
    ) throws(PosixError) -> StreamToken {
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot()) }
        slots[slot].generation &+= 1
        slots[slot].handler = handler
        let token = StreamToken(slot: slot, generation: slots[slot].generation, descriptor: descriptor)
        do {
            try poller.add(descriptor, token: token.wire, readiness)
        } catch {
            vacate(token)
            throw error
        }
        return token
    }

    func modify(_ token: StreamToken, _ readiness: Readiness) {
        // Fails only for a descriptor that is not watched, and a token proves that it is.
        try? poller.modify(token.descriptor, token: token.wire, readiness)
    }

    /// Stops watching. To be called before the descriptor is closed.
    func remove(_ token: StreamToken) {
        // A token used twice: its descriptor's number may be another stream's by now.
        guard slots[token.slot].generation == token.generation else { return }
        poller.remove(token.descriptor)
        vacate(token)
    }

    private func vacate(_ token: StreamToken) {
        slots[token.slot].handler = nil
        slots[token.slot].generation &+= 1
        free.append(token.slot)
    }

    /// Asks for a flush at the end of the turn. Asking twice means two flushes, so ask when an outbox was empty.
    func flushLater(_ flushable: any Flushable) {
        if dirty.isEmpty, !isInTurn { wantsFlush() }
        dirty.append(flushable)
    }

    /// Handles what is ready, for about ``span``. What is left of a batch then comes first in the next turn: asked
    /// again, the kernel would name those that have had theirs in front of it.
    ///
    /// - Parameter now: microseconds of a clock that only goes forward.
    func turn(now: () -> UInt64) {
        isInTurn = true
        defer { isInTurn = false }
        let end = now() + StreamLoop.span
        repeat {
            if next == count {
                next = 0
                count = poller.collect()
            }
            if count == 0 { return }
            let pause = min(count, next + StreamLoop.flushInterval)
            while next < pause {
                next += 1
                dispatch(poller.event(next - 1))
            }
            flushAll()
        } while now() < end
    }

    /// Writes what was left in outboxes outside a turn.
    func flushAll() {
        while !dirty.isEmpty {
            let now = dirty
            dirty.removeAll(keepingCapacity: true)
            for flushable in now { flushable.flush() }
        }
    }

    private func dispatch(_ event: Poller.Event) {
        let slot = Int(event.token & 0xFFFF_FFFF)
        // A handler earlier in this batch may have removed this one, and another may have its slot by now.
        guard slots[slot].generation == UInt32(event.token >> 32) else { return }
        slots[slot].handler?.ready(event.readiness)
    }
}
