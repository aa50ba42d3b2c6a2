// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Answers in the words of the stateless era, whatever the backend speaks (protocol.md §2.6, §2.9).
extension Multiplexer {
    /// The answer of a backend of the other era has come.
    mutating func finishTranslated(
        _ entry: Pending, _ target: ReplyTarget, _ line: Span<UInt8>, _ envelope: borrowing Envelope,
        _ actions: inout Actions
    ) {
        if let refused = refusedCapability(entry, line, envelope) { return answer(target, refused, &actions) }
        if era == .modern {
            if beginRound(entry, target, line, envelope, &actions) { return }
            if let result = readableError(line, envelope, target.form) {
                return answer(target, result: result, &actions)
            }
        }
        passTranslated(line, envelope, to: target, &actions)
    }

    /// Relays it in the words of the request.
    mutating func passTranslated(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, to target: ReplyTarget, _ actions: inout Actions
    ) {
        guard target.form.contains(.modern) else { return pass(line, envelope, to: target, &actions) }
        guard envelope.object.count <= configuration.maximumLineToClient else {
            return answer(target, oversizeResult(envelope.object.count), &actions)
        }
        let start = actions.bytes.count
        let id = Edit(range: envelope.id, replacement: .token(target.id))
        actions.splice(line, envelope, [id] + modernEdits(line, envelope, target.form))
        deliver(target, from: start, &actions)
    }

    private func modernEdits(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ form: AnswerForm) -> [Edit] {
        guard envelope.error.isEmpty else { return modernErrorEdits(line, envelope.error) }
        return modernEdits(line, envelope.result, envelope.resultParts, form)
    }

    /// What a result needs to be one of the stateless era. What is there stays.
    private func modernEdits(
        _ line: Span<UInt8>, _ result: Range<Int>, _ parts: ResultParts, _ form: AnswerForm
    ) -> [Edit] {
        guard parts.kind == .object else { return [] }
        var members: [[UInt8]] = []
        var edits: [Edit] = []
        if !parts.resultType.isPresent { members.append(Array("\"resultType\":\"complete\"".utf8)) }
        if form.contains(.cacheable) {
            if !parts.ttl.isPresent { members.append(Array("\"ttlMs\":0".utf8)) }
            if !parts.cacheScope.isPresent { members.append(Array("\"cacheScope\":\"private\"".utf8)) }
        }
        if let server = handshake?.serverInfo {
            let name = member(ReservedMetaKey.serverInfo.name, server)
            if !parts.meta.isPresent {
                members.append("\"_meta\":{".utf8 + name + "}".utf8)
            } else if parts.meta.kind == .object, !MetaMembers(line, parts.meta).serverInfo.isPresent {
                edits.append(insertion(of: name, in: parts.meta.range, isEmpty: isEmptyObject(line, parts.meta.range)))
            }
        }
        if !members.isEmpty { edits.append(insertion(of: joined(members), in: result, isEmpty: parts.isEmpty)) }
        return edits
    }

    /// A resource that is not there has another number in the stateless era (SEP-2164).
    private func modernErrorEdits(_ line: Span<UInt8>, _ error: Range<Int>) -> [Edit] {
        guard let code = memberRange("code", in: line.extracting(error)) else { return [] }
        let range = code.lowerBound + error.lowerBound..<code.upperBound + error.lowerBound
        guard RawToken(line, range) == RawToken("-32002") else { return [] }
        return [Edit(range: range, replacement: .text(Array("-32602".utf8)))]
    }

    /// A result of ours or from the cache, in the words that its request wants.
    func writeResult(_ result: [UInt8], _ form: AnswerForm, _ actions: inout Actions) {
        guard form.contains(.modern) else { return actions.bytes.append(contentsOf: result) }
        let edits = modernEdits(result.span, 0..<result.count, ResultParts(of: result.span), form)
        actions.write(result.span, 0..<result.count, edits)
    }

    /// A tool that needs what this client has not: the model may read why. Other errors pass as they are.
    private func readableError(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ form: AnswerForm
    ) -> String? {
        guard form.contains(.tool), !envelope.error.isEmpty,
            let error = try? JSONValue(parsing: line.extracting(envelope.error)),
            error["code"]?.intValue == Int64(ErrorReply.Code.missingCapability.rawValue)
        else { return nil }
        let needed = error["data"]?["requiredCapabilities"]?.objectValue?.members.map(\.key) ?? []
        let what = needed.isEmpty ? "something" : needed.joined(separator: ", ")
        let said = error["message"]?.stringValue.map { ": \($0)" } ?? ""
        return toolFailure("This tool needs \(what), which this client does not offer\(said)").text
    }

    /// A failure as a result, for the model to read.
    func toolFailure(_ text: String) -> JSONValue {
        ["content": [["type": "text", "text": .string(text)]], "isError": true]
    }
}
