// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// The answers of a batch (JSON-RPC arrays exist in revision 2025-03-26 only), which leave as one array.
struct MetaToolBatch: Sendable, Codable {
    /// Requests without an answer.
    var awaited: [RawToken]
    var replies: [UInt8] = []
    /// Requests that were answered here: whoever keeps books is told when the answers leave.
    var answered: [RawToken] = []

    mutating func add(_ reply: some Sequence<UInt8>) {
        if !replies.isEmpty { replies.write(",") }
        replies += reply
    }

    var line: [UInt8] { Array("[".utf8) + replies + Array("]\n".utf8) }
}

/// Each message of a batch is dealt with as if it had come alone.
extension MetaToolSession {
    mutating func receiveBatch(_ line: Span<UInt8>, _ view: MetaToolView) -> MetaToolVerdict {
        // What is refused as a whole is refused by the multiplexer.
        guard view.takesBatches, let elements = rawElements(line, 0..<line.count), !elements.isEmpty else {
            return .pass
        }
        var batch = MetaToolBatch(awaited: [])
        for range in elements {
            let element = line.extracting(range)
            guard let envelope = try? Envelope(scanning: element) else {
                batch.add(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid request"}}"#.utf8)
                continue
            }
            if envelope.knownMethod == .initialize { return .pass }
            if envelope.kind == .request { batch.awaited.append(RawToken(element, envelope.id)) }
        }
        batches.append(batch)
        var steps: [MetaToolStep] = []
        for range in elements {
            let element = line.extracting(range)
            guard let envelope = try? Envelope(scanning: element) else { continue }
            switch receive(element, envelope, view) {
            case .pass: steps.append(.toServer([UInt8](line, range) + [0x0A]))
            case .replaced(let others): steps += gathered(others, view)
            }
            if envelope.knownMethod == .cancelled { forget(RawToken(element, envelope.params.requestID.range)) }
        }
        return .replaced(steps + complete())
    }

    /// Keeps answers to messages of a batch back until all of them are there.
    mutating func gathered(_ steps: [MetaToolStep], _ view: MetaToolView) -> [MetaToolStep] {
        guard !batches.isEmpty else { return steps }
        return steps.flatMap { step -> [MetaToolStep] in
            switch step {
            case .toClient(let line): keep(line, view.lineLimit) ? [] : [step]
            // Its answer is not the line before: that was kept.
            case .settled(let id, isAnswered: true) where keepsAnswer(to: id): []
            default: [step]
            }
        } + complete()
    }

    private mutating func keep(_ line: [UInt8], _ limit: Int) -> Bool {
        let message = line.span.extracting(0..<line.count - 1)
        guard let envelope = try? Envelope(scanning: message), envelope.kind == .response else { return false }
        let id = RawToken(message, envelope.id)
        guard let batch = batches.firstIndex(where: { $0.awaited.contains(id) }),
            let place = batches[batch].awaited.firstIndex(of: id)
        else { return false }
        batches[batch].awaited.remove(at: place)
        batches[batch].answered.append(id)
        // With its brackets, a comma and the newline.
        if batches[batch].replies.count + line.count + 3 > limit {
            batches[batch].add(Self.overLimit(id, limit))
        } else {
            batches[batch].add(line.dropLast())
        }
        return true
    }

    private static func overLimit(_ id: RawToken, _ limit: Int) -> [UInt8] {
        let text =
            "the results of this batch exceed the limit of its client for one line, \(limit >> 20) MB "
            + "(max_message_to_client in the configuration of mcp-supervisor); ask for them one by one"
        let error: JSONValue = ["code": -32603, "message": .string(text), "data": ["reason": "oversize_result"]]
        var reply = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        id.write(to: &reply)
        return reply + ",\"error\":\(error.text)}".utf8
    }

    /// Whether the answer to a request waits for those to the rest of its batch.
    public func keepsAnswer(to id: RawToken) -> Bool { batches.contains { $0.answered.contains(id) } }

    /// A request that was cancelled gets no answer.
    mutating func forget(_ id: RawToken) {
        for batch in batches.indices {
            guard let place = RawToken.place(of: id, among: batches[batch].awaited) else { continue }
            batches[batch].awaited.remove(at: place)
            return
        }
    }

    /// Batches of which nothing is awaited any more.
    private mutating func complete() -> [MetaToolStep] {
        var steps: [MetaToolStep] = []
        for batch in batches where batch.awaited.isEmpty && !batch.replies.isEmpty {
            steps.append(.toClient(batch.line))
            steps += batch.answered.map { .settled($0, isAnswered: true) }
        }
        batches.removeAll { $0.awaited.isEmpty }
        return steps
    }
}
