// SPDX-License-Identifier: Apache-2.0

import CPosix

/// One agent's session, from the first attempt to attach to its end.
struct Session: ~Copyable {
    /// How long a supervisor may take to answer, and how long one that went away may take to come back.
    private static let patience = 10_000
    /// How long one may take to answer that a session is to go on with: there is nobody else who could.
    private static let longPatience = 60_000

    private let options: Options
    private let supervisor: Supervisor
    private let directory: Descriptor
    private var streams: StandardStreams
    private var resume: [UInt8]?
    /// Kept from loss to loss, so that a supervisor that dies at every attach is not started in a tight loop.
    private var pause = 0

    init(
        _ options: Options, _ streams: consuming StandardStreams, _ directory: consuming Descriptor,
        _ control: ControlPath
    ) {
        self.options = options
        self.streams = streams
        self.directory = directory
        supervisor = Supervisor(control: control)
    }

    /// Attaches for the first time. Nothing has been read from the agent when this fails.
    /// - Returns: nil when the session is over already.
    mutating func begin() throws(AttachError) -> Connection? {
        try attach { $0.isWorthWaiting }
    }

    /// Sleeps until the session is over, and gets it back when the supervisor goes away.
    mutating func live(on first: consuming Connection) throws(AttachError) {
        var held: Connection? = first
        while var connection = held.take() {
            let attached = monotonicMilliseconds()
            guard try stay(on: &connection) else { return }
            // Closed before the next: a supervisor that drains waits for us to let go.
            _ = consume connection
            if monotonicMilliseconds() - attached > Session.patience { pause = 0 }
            held = try attach { !$0.isFinal }
        }
    }

    /// Leaves stdin and stdout as they were found, for whatever uses them next.
    mutating func finish() {
        streams.finish()
    }

    /// - Returns: true when the connection is lost, false when the session is over.
    private mutating func stay(on connection: inout Connection) throws(AttachError) -> Bool {
        while true {
            // Before the first sleep too: replies may have come together with the one that attached.
            if let isGone = try readAll(from: &connection) { return isGone }
            cposix_trim_heap()
            guard streams.wait(for: connection.raw) else { return false }
        }
    }

    /// - Returns: nil while all is well, true when the connection is lost, false when the session is over.
    private mutating func readAll(from connection: inout Connection) throws(AttachError) -> Bool? {
        while true {
            switch receive(from: &connection, within: 0) {
            case .silence: return nil
            case .lost: return true
            case .reply(let reply):
                if reply.isDraining { return true }
                guard try take(reply) else { return false }
            }
        }
    }

    /// What is not a reply is worth as much as none: the supervisor may be better after a restart.
    private func receive(from connection: inout Connection, within milliseconds: Int32) -> Connection.Received {
        do {
            return try connection.receive(within: milliseconds)
        } catch {
            complain(error.reason)
            return .lost
        }
    }

    /// - Returns: false when the session is over.
    private mutating func take(_ reply: Reply) throws(AttachError) -> Bool {
        guard reply.error == nil else { throw .refused(reply.explanation) }
        if let resume = reply.resume { self.resume = resume }
        return reply.continues
    }

    private mutating func attach(_ mayTryAgain: (AttachError) -> Bool) throws(AttachError) -> Connection? {
        var backoff = Backoff(milliseconds: Session.patience, startingAt: pause)
        _ = backoff.pause()
        while true {
            do throws(AttachError) {
                let connection = try attachOnce()
                pause = backoff.delay
                return connection
            } catch {
                guard mayTryAgain(error), backoff.pause() else { throw error }
            }
        }
    }

    private mutating func attachOnce() throws(AttachError) -> Connection? {
        var connection = try connect()
        let answer: Connection.Received
        do throws(Failure) {
            let first = try connection.receive(within: Int32(silence))
            answer = if case .silence = first { try connection.receiveLast() } else { first }
        } catch {
            throw .refused(error.reason)
        }
        switch answer {
        case .lost: throw .lost
        case .silence:
            throw .refused("mcp-supervisor gave no answer in " + String(silence / 1000) + " seconds; is it stopped?")
        case .reply(let reply):
            if reply.isDraining { throw .draining }
            guard try take(reply) else { return nil }
            return connection
        }
    }

    /// How long no answer is waited for.
    private var silence: Int { resume == nil ? Session.patience : Session.longPatience }

    /// Connects, and sends the call with the descriptors.
    private func connect() throws(AttachError) -> Connection {
        let message = AttachCall(options: options, resume: resume).message
        do throws(Failure) {
            let connection = try supervisor.connect()
            if try connection.send(message, descriptors: [directory.raw] + streams.descriptors) { return connection }
        } catch {
            throw .unreachable(error.reason)
        }
        throw .lost
    }
}
