// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// One session on one backend, as far as messages go: calls with progress tokens, each answered.
struct Conversation {
    private var machine = Multiplexer(configuration: MultiplexerConfiguration(), snapshot: nil)
    private var actions = Actions()
    private let session = SessionID(raw: 1)
    private static let answer = Array(
        #"{"jsonrpc":"2.0","id":"000000000","result":{"content":[{"type":"text","text":"hello"}]}}"#.utf8)

    init() {
        machine.open(session, resume: nil, now: 0, into: &actions)
        fromSession(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}"#
        )
        machine.backendStarted(generation: 1, now: 0, into: &actions)
        fromBackend(
            #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"b","version":"1"}}}"#
        )
        actions.removeAll()
    }

    private mutating func fromSession(_ line: String) {
        machine.receive(Array(line.utf8).span, from: session, now: 0, into: &actions)
    }

    private mutating func fromBackend(_ line: String) {
        machine.receiveFromBackend(Array(line.utf8).span, now: 0, into: &actions)
    }

    /// - Returns: how many answers reached the session.
    mutating func run(calls: Int) -> Int {
        let call = Array(
            #"{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"},"_meta":{"progressToken":17}}}"#
                .utf8)
        var answer = Self.answer
        var answered = 0
        for _ in 0..<calls {
            machine.receive(call.span, from: session, now: 0, into: &actions)
            addressToLastCall(&answer)
            actions.removeAll()
            machine.receiveFromBackend(answer.span, now: 0, into: &actions)
            answered += actions.list.count { if case .toSession = $0 { true } else { false } }
            actions.removeAll()
        }
        return answered
    }

    /// Writes the id of the call that just left into the answer, in place: a string with the number in it, which the
    /// machine takes as it takes the number.
    private func addressToLastCall(_ answer: inout [UInt8]) {
        guard case .toBackend(_, let range)? = actions.list.last else { return }
        var place = Self.idPlace + Self.idWidth
        var digit =
            actions.bytes[range.lowerBound + Self.idPlace..<range.upperBound].firstIndex { $0 == UInt8(ascii: ",") }
            ?? 0
        while place > Self.idPlace {
            place -= 1
            digit -= 1
            let isDigit = digit >= range.lowerBound + Self.idPlace - 1
            answer[place] = isDigit ? actions.bytes[digit] : UInt8(ascii: "0")
        }
    }

    /// Behind `{"jsonrpc":"2.0","id":"`.
    private static let idPlace = 23
    private static let idWidth = 9
}
