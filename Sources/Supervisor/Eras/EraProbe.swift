// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Posix
import Systemd

/// Asks a process of its own which era a server speaks. Never one that is kept: some servers lock the era with their
/// first request, and some exit on anything that comes before `initialize` (protocol.md §1.4).
final class EraProbe: LineReceiver {
    /// Milliseconds until silence means the handshake era: a server in Python imports for seconds, on a busy machine for
    /// more, and a wrong verdict is kept for days.
    static let patience: Int64 = 10_000
    private static let id = "mcp-supervisor-probe"
    private static let lineLimit = 1 << 20

    private let launched: LaunchedBackend
    private let launcher: any Launcher
    private let loop: EventLoop
    private var input: OutputStream?
    private var output: InputStream?
    private var timer: EventSource?
    private var verdict: BackendEra?
    private var waiting: CheckedContinuation<BackendEra, Never>?

    private init(
        _ launched: LaunchedBackend, launcher: any Launcher, loop: EventLoop, streams: StreamLoop
    ) throws(PosixError) {
        self.launched = launched
        self.launcher = launcher
        self.loop = loop
        guard let pipes = launched.takePipes() else { throw PosixError("use", "a backend's pipes", code: 9) }
        let stdin = Descriptor(owning: pipes.input)
        let stdout = Descriptor(owning: pipes.output)
        input = try OutputStream(ByteStream(own: stdin), loop: streams) { [unowned self] in input = nil }
        output = try InputStream(ByteStream(own: stdout), limit: EraProbe.lineLimit, loop: streams, receiver: self)
    }

    /// Starts the command, asks, and ends what was started, whatever comes of it.
    ///
    /// - Throws: ``LaunchError`` when the command cannot be started.
    static func era(
        of order: LaunchOrder, launcher: any Launcher, loop: EventLoop, streams: StreamLoop, version: String,
        stopTimeout: Int64
    ) async throws(LaunchError) -> BackendEra {
        let launched = try await launcher.launch(order)
        do {
            let probe = try EraProbe(launched, launcher: launcher, loop: loop, streams: streams)
            let era = await probe.ask(version: version)
            await probe.end(stopTimeout: stopTimeout)
            return era
        } catch {
            await launcher.kill(launched)
            await end(of: launched, launcher: launcher, loop: loop)
            throw .spawn(error)
        }
    }

    private func ask(version: String) async -> BackendEra {
        let meta: JSONValue = [
            "io.modelcontextprotocol/protocolVersion": .string(BackendEra.newestModernRevision),
            "io.modelcontextprotocol/clientCapabilities": [:],
            "io.modelcontextprotocol/clientInfo": ["name": "mcp-supervisor", "version": .string(version)],
        ]
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": .string(EraProbe.id), "method": "server/discover", "params": ["_meta": meta],
        ]
        input?.send(Array("\(request.text)\n".utf8)[...])
        timer = try? loop.timer(afterMicroseconds: UInt64(EraProbe.patience) * 1000) { [weak self] in
            self?.settle(.legacy)
        }
        if timer == nil { settle(.legacy) }
        return await withCheckedContinuation { continuation in
            if let verdict { return continuation.resume(returning: verdict) }
            waiting = continuation
        }
    }

    private func settle(_ era: BackendEra) {
        guard verdict == nil else { return }
        verdict = era
        timer = nil
        waiting?.resume(returning: era)
        waiting = nil
    }

    func receive(_ line: Span<UInt8>) {
        // Prints and log messages come first with some; only the answer counts.
        guard let envelope = try? Envelope(scanning: line), envelope.kind == .response,
            String(token: envelope.id, of: line) == EraProbe.id
        else { return }
        settle(BackendEra(answer: line))
    }

    func receiveOversize(beginning: Span<UInt8>, length: Int) {}

    func inputEnded() { settle(.legacy) }

    /// The way any backend is ended: a closed stdin, a moment, and then by force.
    private func end(stopTimeout: Int64) async {
        input?.flush()
        input?.close()
        input = nil
        let killer = try? loop.timer(afterMicroseconds: UInt64(clamping: stopTimeout) * 1000) { [launched] in
            launched.wasKilled = true
            OwnProcess.send(9, to: launched.pid)
        }
        await EraProbe.end(of: launched, launcher: launcher, loop: loop)
        killer?.cancel()
        output?.close()
        output = nil
    }

    private static func end(of launched: LaunchedBackend, launcher: any Launcher, loop: EventLoop) async {
        await loop.untilReadable(launched.child.descriptor)
        _ = launched.child.reap()
        await launcher.cleanUp(launched)
    }
}
