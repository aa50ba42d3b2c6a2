// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// What the lobby says itself: an answer to every request that no backend will see (protocol.md §2.2, §2.10).
extension Lobby {
    /// The answer to a request that needs no repository, or may not be made yet; nil for one that waits.
    func early(_ line: Span<UInt8>, _ envelope: Envelope, isInBatch: Bool = false) -> [UInt8]? {
        let id = RawToken(line, envelope.id)
        guard envelope.hasUsableID else {
            return Self.error(id, -32600, "Invalid request: the id must be a string or an integer")
        }
        switch envelope.knownMethod {
        case .initialize:
            return isInBatch ? Self.error(id, -32600, "Invalid request: initialize must not be in a batch") : nil
        // Whoever is told no shakes hands, and can be asked for roots then.
        case .discover: return Self.error(id, -32601, "Method not found: server/discover")
        // One of the stateless era never can.
        case _ where envelope.isModern:
            if case .refused(let reason) = state { return refusal(line, envelope, reason) }
            return refusal(line, envelope, Self.advice(server))
        case .ping: return Self.answer(id, .object(JSONObject()))
        default: return revision == nil ? Self.error(id, -32600, "Invalid request: initialize must come first") : nil
        }
    }

    /// A message that is JSON and no message. With an id its sender may be waiting.
    func complaint(_ line: Span<UInt8>, _ envelope: Envelope) -> [UInt8]? {
        guard envelope.idKind != nil, envelope.result.isEmpty, envelope.error.isEmpty else { return nil }
        let fault = envelope.fault.map { "\($0)" } ?? "shapeless"
        return Self.error(RawToken(line, envelope.id), -32600, "Invalid request: \(fault)")
    }

    /// An array (revision 2025-03-26 only) waits as a whole; anything else that is no message is left out.
    mutating func receiveBatch(_ line: [UInt8]) -> [Step] {
        guard let elements = elementRanges(line.span) else { return [] }
        let whole = RawToken("null")
        guard revision == "2025-03-26" else {
            return [Self.line(Self.error(whole, -32600, "Invalid request: batches exist in revision 2025-03-26 only"))]
        }
        guard !elements.isEmpty else { return [Self.line(Self.error(whole, -32600, "Invalid request: empty batch"))] }
        let ids = elements.compactMap { range -> RawToken? in
            let element = line.span.extracting(range)
            guard let envelope = try? Envelope(scanning: element), envelope.kind == .request else { return nil }
            return RawToken(element, envelope.id)
        }
        return place(Waiting(line: line, ids: ids))
    }

    /// A line that was too long to be kept.
    func receiveOversize(beginning: Span<UInt8>, length: Int) -> [Step] {
        let envelope = Envelope(prefix: beginning)
        guard envelope.hasUsableID, envelope.result.isEmpty, envelope.error.isEmpty else { return [] }
        let text = "the request of \(length >> 20) MB exceeds the limit for one message (message_size_max)"
        return [Self.line(Self.error(RawToken(beginning, envelope.id), -32600, text))]
    }

    /// The answers to everything in a line, with the reason why nothing of it is done.
    func refusals(_ waiting: Waiting, _ reason: String) -> [Step] {
        let line = waiting.line.span
        guard let elements = elementRanges(line) else {
            guard let envelope = try? Envelope(scanning: line), envelope.kind == .request,
                envelope.knownMethod != .initialize
            else { return [] }
            return [Self.line(refusal(line, envelope, reason))]
        }
        let answers = elements.compactMap { refusal(ofElement: line.extracting($0), reason) }
        guard !answers.isEmpty else { return [] }
        return [Self.line([UInt8(ascii: "[")] + answers.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")])]
    }

    private func refusal(ofElement element: Span<UInt8>, _ reason: String) -> [UInt8]? {
        guard let envelope = try? Envelope(scanning: element) else {
            return Self.error(RawToken("null"), -32600, "Invalid request: it is no object")
        }
        switch envelope.kind {
        case .request: return early(element, envelope, isInBatch: true) ?? refusal(element, envelope, reason)
        case .invalid: return complaint(element, envelope)
        case .notification, .response: return nil
        }
    }

    private func refusal(_ line: Span<UInt8>, _ envelope: Envelope, _ reason: String) -> [UInt8] {
        let id = RawToken(line, envelope.id)
        var result: JSONObject
        switch envelope.knownMethod {
        case .toolsList:
            result = ["tools": []]
            if envelope.isModern { (result["ttlMs"], result["cacheScope"]) = (0, "private") }
        case .toolsCall: result = ["content": [["type": "text", "text": .string(reason)]], "isError": true]
        default: return Self.error(id, -32603, reason)
        }
        if envelope.isModern { result["resultType"] = "complete" }
        return Self.answer(id, .object(result))
    }

    // MARK: - Words

    static func line(_ message: [UInt8]) -> Step { .send(message + [0x0A]) }

    static func answer(_ id: RawToken, _ result: JSONValue) -> [UInt8] { reply(id, "result", result) }

    static func error(_ id: RawToken, _ code: Int64, _ message: String) -> [UInt8] {
        reply(id, "error", ["code": .int(code), "message": .string(message)])
    }

    private static func reply(_ id: RawToken, _ member: String, _ value: JSONValue) -> [UInt8] {
        var bytes = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        id.write(to: &bytes)
        bytes += Array(",\"\(member)\":\(value.text)}".utf8)
        return bytes
    }
}
