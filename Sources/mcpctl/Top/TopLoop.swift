// SPDX-License-Identifier: Apache-2.0
import Control
import Posix

/// The terminal, the clock and the supervisor around ``TopModel``.
struct TopLoop: ~Copyable {
    private let delay: Int64
    private var model = TopModel()
    private var reader = TopKeyReader()
    private var screen: FullScreen
    private let signals: SignalQueue
    private var status: PendingCall?
    private var action: PendingCall?
    private var nextAsk: Int64
    private var isOver = false
    private var death: SignalQueue.Signal?

    init(delay: Int64) throws {
        let terminal = try FullScreen()
        let queue = try SignalQueue()
        self.delay = delay
        screen = terminal
        signals = queue
        nextAsk = Clock.monotonicMilliseconds() + delay
    }

    /// Until the user leaves, or a signal ends it; then the terminal is as it was.
    mutating func run(_ first: StatusReply) throws {
        resize()
        perform(.answered(first, at: Clock.monotonicMilliseconds()))
        try screen.enter()
        defer { screen.leave() }
        while !isOver {
            try draw()
            try turn()
        }
        screen.leave()
        if let death { SignalQueue.obey(death) }
    }

    /// Waits for one thing, and deals with what came.
    private mutating func turn() throws {
        let now = Clock.monotonicMilliseconds()
        if status == nil, now >= nextAsk { ask(now) }
        // An escape key comes alone: nothing follows it within this time, on a line of today.
        let patience = reader.isWaiting ? 50 : status == nil ? max(0, nextAsk - now) : min(1000, delay)
        let calls = [status?.descriptor, action?.descriptor].compactMap(\.self)
        let watched = [StandardStream.input.rawValue, signals.descriptor] + calls
        let ready = Readable.among(watched, milliseconds: Int(patience))
        while let signal = signals.next() { try heed(signal) }
        if ready.contains(StandardStream.input.rawValue) {
            readKeys()
        } else if reader.isWaiting {
            for key in reader.pause() { perform(.key(key)) }
        }
        collectStatus()
        collectAction()
    }

    private mutating func draw() throws {
        let view = View.forOutput
        let lines = TopScreen(model: model, view: view).lines()
        // Home; each line clears what is left of the one before it; then what is below.
        let text = "\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
        try StandardStream.output.write(Array(text.utf8))
    }

    private mutating func readKeys() {
        guard let bytes = StandardInput.read(), !bytes.isEmpty else {
            isOver = true
            return
        }
        for key in reader.keys(from: bytes) { perform(.key(key)) }
    }

    private mutating func heed(_ signal: SignalQueue.Signal) throws {
        switch signal {
        case .windowChanged: resize()
        case .suspend:
            screen.leave()
            SignalQueue.obey(signal)
            try screen.enter()
            resize()
        // To die of it would leave a core file.
        case .quit: isOver = true
        case .hangup, .interrupt, .terminate:
            isOver = true
            death = signal
        }
    }

    private mutating func resize() {
        if let size = FullScreen.size { perform(.resized(columns: size.columns, rows: size.rows)) }
    }
}

/// The supervisor.
extension TopLoop {
    private mutating func ask(_ now: Int64) {
        nextAsk = now + delay
        do {
            status = try PendingCall(StatusParameters())
        } catch {
            perform(.silent("no answer: \(error)"))
        }
    }

    private mutating func collectStatus() {
        let now = Clock.monotonicMilliseconds()
        do {
            guard let since = status?.since else { return }
            if let reply = try status?.answer(as: StatusReply.self) {
                status = nil
                perform(.answered(reply, at: now))
            } else if now - since >= max(1000, delay) {
                perform(.silent("no answer for \((now - since) / 1000) s; asking on"))
            }
        } catch {
            status = nil
            perform(.silent("no answer: \(error)"))
        }
    }

    private mutating func collectAction() {
        do {
            guard let reply = try action?.answer(as: BackendReply.self) else { return }
            action = nil
            perform(.done(reply.lines(View(style: Style(colours: false), now: 0)).joined()))
            nextAsk = 0
        } catch {
            action = nil
            perform(.failed("\(error)"))
        }
    }

    private mutating func perform(_ event: TopModel.Event) {
        for act in model.handle(event) {
            switch act {
            case .leave: isOver = true
            case .refresh: nextAsk = 0
            case .hibernate(let id): begin(HibernateParameters(backend: id), "hibernating \(id)")
            case .wake(let id): begin(WakeParameters(backend: id), "waking \(id)")
            case .stop(let id): begin(StopParameters(backend: id), "stopping \(id)")
            }
        }
    }

    private mutating func begin(_ parameters: some MethodParameters, _ notice: String) {
        guard action == nil else { return perform(.failed("what was asked before is not done yet")) }
        do {
            action = try PendingCall(parameters)
            perform(.done(notice))
        } catch {
            perform(.failed("\(error)"))
        }
    }
}
