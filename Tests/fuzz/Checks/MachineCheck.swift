// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// A multiplexer under a script of events, and what must hold of everything it says (protocol.md §2.11).
///
/// A script is lines; the first byte says what happens, the rest is its bytes:
/// `0`…`3` a line of that session, `b` a line of the backend, `a` an answer of the backend to its oldest open request
/// (the rest is the result), `o` `c` `i` open, close, and end the input of the session that follows, `r` open it with a
/// resume value, `L` an oversize line of it, `M` one of the backend; `S` the backend starts, `E` it ends and will
/// return, `X` it ends for good; `k` a call of mcpctl; `t` a second passes, `T` ten minutes; `v` the session that follows
/// has a backend of its own, `n` it cannot have one. A first line `C` says what the machine is for: `m` a backend of the
/// stateless era, `u` one that is told everybody's roots.
public struct MachineCheck {
    private var machine: Multiplexer
    private var actions = Actions()
    private var now: Int64 = 0
    private var clients: [SessionID: Client] = [:]
    private var openAtBackend: [[UInt8]] = []
    private var timers: [MultiplexerTimer] = []
    private var generation = 0
    private var isRunning = false
    private var written = 0
    private var complaint: String?

    /// What a client has asked, by the id's text: how many answers it may get.
    private struct Client {
        var owed: [[UInt8]: Int] = [:]
    }

    /// - Returns: what is wrong; nil when nothing is.
    public static func complaint(about script: Span<UInt8>) -> String? {
        var check = MachineCheck(traits: traits(of: script))
        var splitter = LineSplitter(limit: 1 << 20)
        var offset = 0
        while let line = splitter.next(in: script, from: &offset) {
            guard case .inChunk(let range) = line else { continue }
            check.step(script.extracting(range))
            if let complaint = check.complaint { return complaint }
        }
        check.finish()
        // Every session may be told of a change, and a small request may list a large cache.
        let limit = 1 << 20 + 512 * script.count
        if check.complaint == nil, check.written > limit { return "\(script.count) bytes became \(check.written)" }
        return check.complaint
    }

    private static func traits(of script: Span<UInt8>) -> [UInt8] {
        guard script.count > 0, script[0] == UInt8(ascii: "C") else { return [] }
        return script.indices.prefix(8).dropFirst().map { script[$0] }
    }

    private init(traits: [UInt8]) {
        var configuration = MultiplexerConfiguration()
        configuration.server = "fuzzed"
        configuration.denyTools = ["denied"]
        configuration.interactiveTools = ["ask"]
        configuration.privateTools = [PrivateTool(name: "move")]
        configuration.repositoryRoots = ["/r"]
        configuration.maximumInFlightPerSession = 3
        configuration.maximumInFlight = 7
        if traits.contains(UInt8(ascii: "m")) { configuration.era = .modern }
        if traits.contains(UInt8(ascii: "u")) { configuration.roots = .union }
        machine = Multiplexer(configuration: configuration, snapshot: nil)
    }

    private mutating func step(_ line: Span<UInt8>) {
        let rest = line.extracting(1..<line.count)
        switch line[0] {
        case UInt8(ascii: "0")...UInt8(ascii: "3"): speak(SessionID(raw: UInt32(line[0] & 3)), rest)
        case UInt8(ascii: "b"): machine.receiveFromBackend(rest, now: now, into: &actions)
        case UInt8(ascii: "a"): answer(rest)
        case UInt8(ascii: "S"): start()
        case UInt8(ascii: "E"): end(willRestart: true)
        case UInt8(ascii: "X"): end(willRestart: false)
        case UInt8(ascii: "k"): machine.call(tool: "t", arguments: nil, token: 1, now: now, into: &actions)
        case UInt8(ascii: "t"): pass(milliseconds: 1000)
        case UInt8(ascii: "T"): pass(milliseconds: 600_000)
        case UInt8(ascii: "M"):
            machine.receiveOversizeFromBackend(prefix: rest, length: 65 << 20, now: now, into: &actions)
        default: if !rest.isEmpty { stepOfSession(line[0], SessionID(raw: UInt32(rest[0] & 3)), rest) }
        }
        collect()
    }

    private mutating func stepOfSession(_ kind: UInt8, _ session: SessionID, _ rest: Span<UInt8>) {
        let bytes = rest.extracting(1..<rest.count)
        switch kind {
        case UInt8(ascii: "o") where clients[session] == nil: open(session, resume: nil)
        case UInt8(ascii: "r") where clients[session] == nil:
            open(session, resume: bytes.indices.map { bytes[$0] })
        case UInt8(ascii: "c"):
            machine.close(session, now: now, into: &actions)
            clients[session] = nil
        case UInt8(ascii: "i"): machine.inputEnded(session, now: now, into: &actions)
        case UInt8(ascii: "v"): machine.moved(session, now: now, into: &actions)
        case UInt8(ascii: "n"): machine.stays(session, reason: "no", now: now, into: &actions)
        case UInt8(ascii: "L") where clients[session] != nil:
            note(Envelope(prefix: bytes), of: session, bytes)
            machine.receiveOversize(prefix: bytes, length: 65 << 20, from: session, now: now, into: &actions)
        default: break
        }
    }

    private mutating func open(_ session: SessionID, resume: [UInt8]?) {
        clients[session] = Client()
        machine.open(session, resume: resume, now: now, into: &actions)
    }

    private mutating func speak(_ session: SessionID, _ line: Span<UInt8>) {
        guard clients[session] != nil, !line.isEmpty else { return }
        noteIDs(of: session, line)
        machine.receive(line, from: session, now: now, into: &actions)
    }

    /// Every id that a line carries, in an array or alone, may be answered once.
    private mutating func noteIDs(of session: SessionID, _ line: Span<UInt8>) {
        if let envelope = try? Envelope(scanning: line) { return note(envelope, of: session, line) }
        var scanner = JSONScanner()
        guard (try? scanner.opens(line, UInt8(ascii: "["), UInt8(ascii: "]"))) == true else { return }
        repeat {
            guard let range = try? scanner.skipValue(line).range else { return }
            let element = line.extracting(range)
            if let envelope = try? Envelope(scanning: element) { note(envelope, of: session, element) }
        } while (try? scanner.continues(line, until: UInt8(ascii: "]"))) == true
    }

    private mutating func note(_ envelope: Envelope, of session: SessionID, _ line: Span<UInt8>) {
        guard envelope.idKind != nil else { return }
        clients[session]?.owed[envelope.id.map { line[$0] }, default: 0] += 1
    }

    private mutating func answer(_ result: Span<UInt8>) {
        guard isRunning, !openAtBackend.isEmpty else { return }
        var line = Array(#"{"jsonrpc":"2.0","id":"#.utf8) + openAtBackend.removeFirst()
        line += Array(#","result":"#.utf8) + result.indices.map { result[$0] } + [UInt8(ascii: "}")]
        machine.receiveFromBackend(line.span, now: now, into: &actions)
    }

    private mutating func start() {
        generation += 1
        openAtBackend = []
        isRunning = true
        machine.backendStarted(generation: generation, now: now, into: &actions)
    }

    private mutating func end(willRestart: Bool) {
        isRunning = false
        let end = BackendEnd(message: "gone", reason: "backend_exit", willRestart: willRestart)
        machine.backendEnded(end, now: now, into: &actions)
    }

    private mutating func pass(milliseconds: Int64) {
        now += milliseconds
        let due = timers
        timers = []
        for timer in due {
            machine.timer(timer, now: now, into: &actions)
            collect()
        }
    }

    private mutating func finish() {
        end(willRestart: false)
        collect()
        for session in clients.keys.sorted() { machine.close(session, now: now, into: &actions) }
        clients = [:]
        collect()
    }
}

extension MachineCheck {
    private mutating func collect() {
        written += actions.bytes.count
        for action in actions.list {
            switch action {
            case .toSession(let session, let range): check(session, range)
            case .toBackend(_, let range): checkForBackend(range)
            case .arm(let timer, _): if !timers.contains(timer) { timers.append(timer) }
            case .disarm(let timer): timers.removeAll { $0 == timer }
            case .endSession(let session, _): clients[session] = nil
            case .startFailed: isRunning = false
            case .handOn(let session, let range): handedOn(session, range)
            case .left(let session): noteLeft(session)
            default: break
            }
        }
        actions.removeAll()
    }

    /// Whatever a line wants is for another machine to answer now.
    private mutating func handedOn(_ session: SessionID, _ range: Range<Int>) {
        let line = Array(actions.bytes[range])
        guard let envelope = try? Envelope(scanning: line.span), envelope.idKind != nil else { return }
        let id = envelope.id.map { line[$0] }
        guard let owed = clients[session]?.owed[id], owed > 0 else {
            return complain("nobody asked what is handed on", range)
        }
        clients[session]?.owed[id] = owed - 1
    }

    /// The other machine has it alone. Its client says nothing here any more.
    private mutating func noteLeft(_ session: SessionID) { clients[session] = nil }

    private mutating func check(_ session: SessionID, _ range: Range<Int>) {
        guard clients[session] != nil else { return complain("a line to \(session), which is gone", range) }
        guard isOneLine(range) else { return complain("not one line", range) }
        let line = Array(actions.bytes[range].dropLast())
        if let envelope = try? Envelope(scanning: line.span) { return take(envelope, session, line.span, range) }
        guard let elements = (try? JSONValue(parsing: line, maximumDepth: 2000))?.arrayValue else {
            return complain("neither a message nor a batch", range)
        }
        if elements.isEmpty { complain("an empty batch", range) }
    }

    private mutating func take(
        _ envelope: Envelope, _ session: SessionID, _ line: Span<UInt8>, _ range: Range<Int>
    ) {
        guard envelope.kind == .response || envelope.fault != nil else { return }
        let id = envelope.id.map { line[$0] }
        guard id != Array("null".utf8), !id.isEmpty else { return }
        let owed = clients[session]?.owed[id] ?? 0
        guard owed > 0 else { return complain("an answer that \(session) is not owed", range) }
        clients[session]?.owed[id] = owed - 1
    }

    private mutating func checkForBackend(_ range: Range<Int>) {
        guard isOneLine(range) else { return complain("not one line for the backend", range) }
        let line = Array(actions.bytes[range].dropLast())
        guard let envelope = try? Envelope(scanning: line.span), envelope.kind != .invalid else {
            return complain("no message for the backend", range)
        }
        if !isRunning { complain("a message without a backend", range) }
        if let method = envelope.knownMethod, method.isNotification != (envelope.kind == .notification) {
            complain("a request without an id, or a notification with one, for the backend", range)
        }
        if envelope.kind == .request { openAtBackend.append(envelope.id.map { line[$0] }) }
    }

    private func isOneLine(_ range: Range<Int>) -> Bool {
        let line = actions.bytes[range]
        return line.last == 0x0A && !line.dropLast().contains { $0 == 0x0A || $0 == 0x0D }
    }

    private mutating func complain(_ what: String, _ range: Range<Int>) {
        complaint = complaint ?? "\(what): \(String(decoding: actions.bytes[range].prefix(300), as: UTF8.self))"
    }
}
