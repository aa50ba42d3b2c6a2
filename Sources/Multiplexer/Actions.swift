// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the machine wants done, in order. Reused from event to event: its bytes lie in one arena.
public struct Actions: Sendable {
    public enum Action: Sendable, Equatable {
        /// A whole line of `bytes`, newline included.
        case toSession(SessionID, Range<Int>)
        /// A whole line, on behalf of a session (for fair queuing); nil: the machine's own.
        case toBackend(SessionID?, Range<Int>)
        /// The answer to a local request: `{"result":…}` or `{"error":…}`, without newline.
        case reply(token: UInt64, Range<Int>)
        /// Something needs the backend, and it is not running.
        case startBackend
        /// One timer per value; arming again replaces.
        case arm(MultiplexerTimer, milliseconds: Int)
        case disarm(MultiplexerTimer)
        /// The session needs a backend of its own: `moved` or `stays` is the answer.
        case move(SessionID)
        /// It needs none any more, and none is to be answered.
        case stay(SessionID)
        /// A line of the session, without newline, for its own backend's machine.
        case handOn(SessionID, Range<Int>)
        /// A session that moved has nothing to do with this backend any more; it is forgotten here.
        case left(SessionID)
        /// The session is over and already forgotten.
        case endSession(SessionID, reason: String)
        /// Its resume value, client or protocol version changed.
        case sessionChanged(SessionID)
        /// The handshake or a list changed: the snapshot is to be written again.
        case snapshotChanged
        /// At most 200 bytes of a message, and none of its parameters.
        case log(LogLevel, String)
        /// The backend's handshake is done.
        case ready
        /// The backend refused the handshake or speaks something else: the shell stops the process.
        case startFailed(reason: String)
    }

    private static let keptCapacity = 1 << 20

    public internal(set) var bytes: [UInt8] = []
    public internal(set) var list: [Action] = []
    public internal(set) var opened: [Opened] = []
    public internal(set) var sent: [Sent] = []
    public internal(set) var asked: [Asked] = []
    public internal(set) var settled: [Settled] = []

    public init() {}

    /// Forgets everything and keeps the storage, up to 1 MiB of it.
    public mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        if !opened.isEmpty { opened.removeAll(keepingCapacity: true) }
        if !sent.isEmpty { sent.removeAll(keepingCapacity: true) }
        if !asked.isEmpty { asked.removeAll(keepingCapacity: true) }
        if !settled.isEmpty { settled.removeAll(keepingCapacity: true) }
        if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }
}

extension Actions {
    mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Ends the line that began at `start` and sends it to the backend.
    mutating func sendToBackend(_ session: SessionID?, from start: Int) {
        bytes.append(UInt8(ascii: "\n"))
        list.append(.toBackend(session, start..<bytes.count))
    }

    mutating func sendToSession(_ session: SessionID, from start: Int) {
        bytes.append(UInt8(ascii: "\n"))
        list.append(.toSession(session, start..<bytes.count))
    }

    mutating func log(_ level: LogLevel, _ text: String) { list.append(.log(level, text)) }

    /// Copies a message with one or two tokens replaced. Everything else leaves byte for byte, but for line breaks
    /// between tokens: Python clients read with universal newlines, and the message would end there.
    mutating func splice(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ edit: Edit, _ other: Edit? = nil) {
        let start = bytes.count
        var place = envelope.object.lowerBound
        if let other, other.range.lowerBound < edit.range.lowerBound {
            apply(other, line, &place)
            apply(edit, line, &place)
        } else {
            apply(edit, line, &place)
            if let other { apply(other, line, &place) }
        }
        bytes.append(line, place..<envelope.object.upperBound)
        if envelope.hasLineBreaks { replaceLineBreaks(in: &bytes, from: start) }
    }

    private mutating func apply(_ edit: Edit, _ line: Span<UInt8>, _ place: inout Int) {
        bytes.append(line, place..<edit.range.lowerBound)
        edit.write(to: &bytes)
        place = edit.range.upperBound
    }
}

/// One token of a message and what takes its place.
struct Edit {
    enum Replacement {
        case number(UInt64)
        case token(RawToken)
        /// Raw JSON, or members of an object.
        case text([UInt8])
    }

    let range: Range<Int>
    let replacement: Replacement

    func write(to bytes: inout [UInt8]) {
        switch replacement {
        case .number(let number): bytes.append(contentsOf: String(number).utf8)
        case .token(let token): token.write(to: &bytes)
        case .text(let text): bytes.append(contentsOf: text)
        }
    }
}

/// Raw line breaks stand only between tokens, where a space means the same.
func replaceLineBreaks(in bytes: inout [UInt8], from start: Int) {
    for index in start..<bytes.count where bytes[index] == 0x0A || bytes[index] == 0x0D { bytes[index] = 0x20 }
}
