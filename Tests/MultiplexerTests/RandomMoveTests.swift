// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Multiplexer

/// Sessions that move at any time, with calls and subscriptions everywhere, a shared backend that crashes, other backends
/// that do not start, clients that begin anew or use an id twice, and supervisors that are replaced: each request gets
/// one answer, of the backend that was to give it.
struct RandomMoves {
    /// A machine and what its backend has been asked.
    private struct Side {
        var mux: Multiplexer
        let name: String
        var open: [(id: String, call: String)] = []
        var generation = 0
    }

    private struct Client {
        let session: SessionID
        var last = 0
        /// Those that an answer is owed for.
        var open: Set<Int> = []
        /// The private call that it waits with, and the one that it has moved with.
        var moving: Int?
        var privateCalls: [Int] = []
        var movedAt: Int?
        var own: Side?
        var hasMoved = false
        /// Requests with an id that is open, by that id: each is refused.
        var repeated: [Int: Int] = [:]
        /// What it asked of a resource and was not told, by the request; and what it believes to be subscribed to.
        var asked: [Int: (uri: String, isWanted: Bool)] = [:]
        var subscribed: Set<String> = []
    }

    private var generator: SeededGenerator
    private var shared: Side
    private var clients: [Client] = []
    private var now: Int64 = 0
    private(set) var complaints: [String] = []
    private(set) var moves = 0

    private static var configuration: MultiplexerConfiguration {
        var configuration = MultiplexerConfiguration()
        configuration.maximumInFlightPerSession = 3
        configuration.privateTools = [PrivateTool(name: "activate")]
        return configuration
    }

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        shared = Side(mux: Multiplexer(configuration: Self.configuration, snapshot: nil), name: "shared")
        for number in 1...4 {
            let client = Client(session: SessionID(raw: UInt32(number)))
            clients.append(client)
            onShared { $0.open(client.session, resume: nil, now: $1, into: &$2) }
            send(Bench.initialize(), clients.count - 1)
        }
        startShared()
    }

    mutating func step() {
        now += 1
        let index = clients.indices.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<32: call(index, "find")
        case 32..<42: subscribe(index)
        case 42..<44: repeatID(index)
        case 44: beginAnew(index)
        case 45..<48: call(index, "activate")
        case 48..<52: cancel(index)
        case 52..<85: answerAny(index)
        case 85..<93: decide(index)
        case 93..<95: crash()
        case 95: replaceSupervisor()
        default: if shared.mux.needsBackend, !shared.mux.isReady { startShared() }
        }
    }

    /// Nobody may be left waiting, and whoever moved has left.
    mutating func finish() {
        for index in clients.indices where clients[index].moving != nil { moved(index) }
        for client in clients { compareSubscriptions(of: client) }
        onShared { $0.backendEnded(Self.end(willRestart: false), now: $1, into: &$2) }
        for index in clients.indices {
            onOwn(index) { $0.backendEnded(Self.end(willRestart: false), now: $1, into: &$2) }
        }
        for client in clients where !client.open.isEmpty {
            complaints.append("\(client.session) waits for \(client.open.sorted())")
        }
        for client in clients where !client.repeated.isEmpty {
            complaints.append("\(client.session): \(client.repeated) were not refused")
        }
        for client in clients where client.hasMoved && shared.mux.sessions[client.session] != nil {
            complaints.append("\(client.session) has moved and is still here")
        }
    }

    /// What the machine that serves it keeps is what it was told.
    private mutating func compareSubscriptions(of client: Client) {
        let mux = client.hasMoved ? client.own?.mux : shared.mux
        let open = Set(client.asked.values.map(\.uri))
        let known = mux?.sessions[client.session]?.subscriptions ?? []
        let kept = Set(known.map(\.text)).subtracting(open)
        if kept != client.subscribed.subtracting(open) {
            complaints.append("\(client.session) is subscribed to \(kept), and believes \(client.subscribed)")
        }
    }

    // MARK: - What happens

    private mutating func call(_ index: Int, _ tool: String) {
        clients[index].last += 1
        let id = clients[index].last
        clients[index].open.insert(id)
        if tool == "activate" { clients[index].privateCalls.append(id) }
        if tool == "activate", !clients[index].hasMoved, clients[index].moving == nil { clients[index].moving = id }
        send(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)","call":\#(id)}}"#, index)
    }

    private mutating func subscribe(_ index: Int) {
        let uri = "x:\(Int.random(in: 0..<3, using: &generator))"
        guard !clients[index].asked.values.contains(where: { $0.uri == uri }) else { return }
        clients[index].last += 1
        let id = clients[index].last
        let isWanted = !clients[index].subscribed.contains(uri)
        clients[index].open.insert(id)
        clients[index].asked[id] = (uri, isWanted)
        let method = isWanted ? "resources/subscribe" : "resources/unsubscribe"
        send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{"uri":"\#(uri)"}}"#, index)
    }

    private mutating func repeatID(_ index: Int) {
        let possible = clients[index].open.subtracting(clients[index].privateCalls)
        guard let id = possible.sorted().randomElement(using: &generator) else { return }
        clients[index].repeated[id, default: 0] += 1
        send(#"{"jsonrpc":"2.0","id":\#(id),"method":"prompts/get","params":{"name":"p"}}"#, index)
    }

    private mutating func beginAnew(_ index: Int) {
        clients[index].last += 1
        let id = clients[index].last
        clients[index].open = [id]
        clients[index].privateCalls = []
        clients[index].moving = nil
        clients[index].repeated = [:]
        clients[index].asked = [:]
        clients[index].subscribed = []
        send(Bench.initialize().replacing("\"init\"", with: "\(id)"), index)
    }

    private mutating func cancel(_ index: Int) {
        // What waits for the move may be answered all the same.
        let possible = clients[index].open.subtracting(clients[index].asked.keys)
        guard clients[index].moving == nil, let id = possible.sorted().randomElement(using: &generator),
            clients[index].repeated[id] == nil
        else { return }
        clients[index].open.remove(id)
        send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#, index)
    }

    private mutating func answerAny(_ index: Int) {
        if clients[index].hasMoved, Bool.random(using: &generator) {
            guard let asked = clients[index].own?.open.popLast() else { return }
            onOwn(index) { $0.answer(asked, of: "own", $1, &$2) }
        } else if let place = shared.open.indices.randomElement(using: &generator) {
            let asked = shared.open.remove(at: place)
            onShared { $0.answer(asked, of: "shared", $1, &$2) }
        }
    }

    /// The other backend of a session runs, or does not.
    private mutating func decide(_ index: Int) {
        guard let id = clients[index].moving, shared.mux.isMoving(clients[index].session) else { return }
        if Int.random(in: 0..<4, using: &generator) > 0 { return moved(index) }
        clients[index].moving = nil
        clients[index].own = nil
        let session = clients[index].session
        onShared { $0.stays(session, reason: "no", now: $1, into: &$2) }
        // One that waited behind it may ask for the same.
        if shared.mux.isMoving(session) { clients[index].moving = clients[index].privateCalls.first { $0 > id } }
        if clients[index].open.contains(id) { complaints.append("\(session): the private call \(id) has no answer") }
    }

    /// The machine of the other backend, which starts meanwhile.
    private mutating func arrive(_ index: Int) {
        let session = clients[index].session
        var configuration = Self.configuration
        configuration.isMoved = true
        var own = Side(mux: Multiplexer(configuration: configuration, snapshot: shared.mux.snapshot), name: "own")
        var actions = Actions()
        own.mux.arrive(
            session, resume: shared.mux.resume(of: session), question: shared.mux.nextQuestion, now: now, into: &actions
        )
        clients[index].own = own
        perform(actions, isShared: false, index)
        onOwn(index) { $0.backendStarted(generation: 1, now: $1, into: &$2) }
    }

    private mutating func moved(_ index: Int) {
        let session = clients[index].session
        guard shared.mux.isMoving(session) else { return }
        moves += 1
        clients[index].hasMoved = true
        clients[index].movedAt = clients[index].moving
        clients[index].moving = nil
        let resume = shared.mux.resume(of: session)
        onOwn(index) { $0.catchUp(session, resume: resume, now: $1, into: &$2) }
        onShared { $0.moved(session, now: $1, into: &$2) }
    }

    private mutating func crash() {
        shared.open = []
        onShared { $0.backendEnded(Self.end(willRestart: true), now: $1, into: &$2) }
    }

    private mutating func replaceSupervisor() {
        do {
            shared.mux = try Multiplexer(restoring: shared.mux.encoded(), configuration: Self.configuration)
        } catch {
            complaints.append("\(error)")
        }
    }

    private static func end(willRestart: Bool) -> BackendEnd {
        BackendEnd(message: "gone", reason: "backend_exit", willRestart: willRestart)
    }

    // MARK: - Machines

    private mutating func startShared() {
        shared.generation += 1
        shared.open = []
        let generation = shared.generation
        onShared { $0.backendStarted(generation: generation, now: $1, into: &$2) }
    }

    private mutating func send(_ line: String, _ index: Int) {
        let session = clients[index].session
        let bytes = Array(line.utf8)
        if clients[index].hasMoved, shared.mux.sessions[session] == nil {
            onOwn(index) { $0.receive(bytes.span, from: session, now: $1, into: &$2) }
        } else {
            onShared { $0.receive(bytes.span, from: session, now: $1, into: &$2) }
        }
    }

    private mutating func onShared(_ event: (inout Multiplexer, Int64, inout Actions) -> Void) {
        var actions = Actions()
        event(&shared.mux, now, &actions)
        perform(actions, isShared: true, 0)
    }

    private mutating func onOwn(_ index: Int, _ event: (inout Multiplexer, Int64, inout Actions) -> Void) {
        guard var side = clients[index].own else { return }
        var actions = Actions()
        event(&side.mux, now, &actions)
        clients[index].own = side
        perform(actions, isShared: false, index)
    }

    private mutating func perform(_ actions: Actions, isShared: Bool, _ index: Int) {
        for action in actions.list {
            switch action {
            case .toBackend(_, let range): reachedBackend(actions.bytes[range], isShared, index)
            case .toSession(let session, let range): reachedClient(actions.bytes[range], session, isShared)
            case .move(let session): arrive(Int(session.raw) - 1)
            case .stay(let session): clients[Int(session.raw) - 1].own = nil
            case .handOn(let session, let range):
                let line = Array(actions.bytes[range])
                onOwn(Int(session.raw) - 1) { $0.receive(line.span, from: session, now: $1, into: &$2) }
            default: break
            }
        }
    }

    private mutating func reachedBackend(_ line: ArraySlice<UInt8>, _ isShared: Bool, _ index: Int) {
        guard let message = try? JSONValue(parsing: Array(line.dropLast())), let id = message["id"],
            let method = message["method"]?.stringValue
        else { return }
        guard method == "tools/call" || method.hasPrefix("resources/") else {
            let result = method == "initialize" ? Bench.initializeResult : "{}"
            let answer = Array(#"{"jsonrpc":"2.0","id":\#(id.text),"result":\#(result)}"#.utf8)
            let event = { (mux: inout Multiplexer, now: Int64, actions: inout Actions) in
                mux.receiveFromBackend(answer.span, now: now, into: &actions)
            }
            return isShared ? onShared(event) : onOwn(index, event)
        }
        let asked = (id: id.text, call: message["params"]?["call"]?.text ?? "null")
        if isShared { shared.open.append(asked) } else { clients[index].own?.open.append(asked) }
    }

    private mutating func reachedClient(_ line: ArraySlice<UInt8>, _ session: SessionID, _ isShared: Bool) {
        guard let message = try? JSONValue(parsing: Array(line.dropLast())), message["method"] == nil,
            let id = message["id"]?.intValue.map(Int.init)
        else { return }
        let index = Int(session.raw) - 1
        if message["error"]?["code"]?.intValue == -32600, let count = clients[index].repeated[id] {
            clients[index].repeated[id] = count == 1 ? nil : count - 1
            return
        }
        if clients[index].open.remove(id) == nil {
            complaints.append("\(session): \(id) is answered twice, or not owed")
        }
        if let asked = clients[index].asked.removeValue(forKey: id) {
            guard message["result"] != nil else { return }
            if asked.isWanted {
                clients[index].subscribed.insert(asked.uri)
            } else {
                clients[index].subscribed.remove(asked.uri)
            }
            return
        }
        guard let source = message["result"]?["from"]?.stringValue else { return }
        let isOwn = clients[index].movedAt.map { id >= $0 } ?? false
        if source != (isOwn ? "own" : "shared") { complaints.append("\(session): \(id) is answered by \(source)") }
        if message["result"]?["call"]?.text != "\(id)" { complaints.append("\(session): \(id) has another's answer") }
    }
}

extension Multiplexer {
    fileprivate mutating func answer(
        _ asked: (id: String, call: String), of source: String, _ now: Int64, _ actions: inout Actions
    ) {
        let result = #"{"from":"\#(source)","call":\#(asked.call)}"#
        let line = Array(#"{"jsonrpc":"2.0","id":\#(asked.id),"result":\#(result)}"#.utf8)
        receiveFromBackend(line.span, now: now, into: &actions)
    }
}

@Suite struct RandomMoveTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func eachRequestIsAnsweredOnceByWhoeverIsToAnswerIt(seed: UInt64) {
        var schedule = RandomMoves(seed: seed)
        for _ in 0..<800 { schedule.step() }
        schedule.finish()
        #expect(schedule.complaints == [], "seed \(seed)")
        #expect(schedule.moves > 0, "seed \(seed) shows nothing")
    }
}
