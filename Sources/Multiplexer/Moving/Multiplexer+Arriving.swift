// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The machine that a session moved to. It has one session, which set something there; so a process that ends takes
/// that along, and no other may answer in its place as if nothing had been.
extension Multiplexer {
    /// Between the questions of two machines at one client.
    private static let questionGap: UInt64 = 1 << 20

    /// What the next question to a client would be called.
    public var nextQuestion: UInt64 { questions.nextID }

    /// A session comes from another backend.
    ///
    /// - Parameters:
    ///   - resume: what that one's machine says of it.
    ///   - question: its ``nextQuestion``; a client must not meet an id twice.
    public mutating func arrive(
        _ session: SessionID, resume: [UInt8], question: UInt64, now: Int64, into actions: inout Actions
    ) {
        questions.skip(to: question + Self.questionGap)
        open(session, resume: resume, now: now, into: &actions)
        moves = Moves()
    }

    /// The session changes over. What it wanted of the other backend since it arrived here is wanted of this one.
    ///
    /// - Parameter resume: what that one's machine says of it now.
    public mutating func catchUp(_ session: SessionID, resume: [UInt8], now: Int64, into actions: inout Actions) {
        clock = now
        guard let value = ResumeValue(resume), let known = sessions[session]?.subscriptions else { return }
        let wanted = Set(value.subscriptions.map { ExactText($0) })
        for uri in known.subtracting(wanted).sorted() {
            subscriptions.entries[uri]?.sessions.remove(session)
            noteSubscription(uri, of: session, false, &actions)
            settleSubscription(uri, &actions)
        }
        for uri in wanted.subtracting(known).sorted() { resubscribe(session, to: uri, &actions) }
        sessions[session]?.level = value.level
        updateLogLevel(&actions)
    }

    /// A session comes back, after the supervisor's own end. Only the process that it knew has what it had set.
    mutating func noteReturn() {
        guard configuration.isMoved else { return }
        if backend.phase == .ready { moves.hasOwnState = true } else { moves.isStateLost = true }
    }

    /// - Returns: whether the request is refused because the process that it was meant for is gone.
    mutating func refuseForLostState(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ actions: inout Actions
    ) -> Bool {
        guard moves.isStateLost else { return false }
        switch envelope.knownMethod {
        case .toolsCall:
            guard privateTool(line, envelope) == nil else { return false }
            answer(target, result: toolError(lostState), &actions)
        case .resourcesRead, .promptsGet, .complete:
            answer(target, .failure(lostState, reason: "private_state_lost"), &actions)
        default: return false
        }
        return true
    }

    private var lostState: String {
        let names = configuration.privateTools.map(\.name).joined(separator: ", ")
        return "\(configuration.server) was started again for this session, and what the session had set there "
            + "(with \(names)) is lost. Set it again first: this call was not made."
    }

    /// The process is gone.
    ///
    /// - Returns: whether it took along what its session had set.
    mutating func noteLostState() -> Bool {
        guard moves.hasOwnState else { return false }
        moves.hasOwnState = false
        moves.isStateLost = true
        return true
    }

    /// What waits was meant for the process that is gone.
    mutating func refuseWaiting(_ error: ErrorReply, _ actions: inout Actions) {
        for session in sessions.keys {
            for line in sessions[session]?.queue.removeAll() ?? [] {
                guard let target = line.target else { continue }
                release(target)
                answer(target, error, &actions)
            }
        }
    }
}
