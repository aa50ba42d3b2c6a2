// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A call that failed for its arguments: the schema goes with the error, so that the next try is right. Everything
/// else passes as it came.
extension MetaToolSession {
    private static let largestSchema = 2048
    /// What validators say of arguments: JSON Schema's, pydantic's, zod's, and those of hand-written servers.
    private static let complaints = [
        "validation error", "invalid argument", "invalid param", "missing required", "required property",
        "is required", "field required", "unexpected keyword", "missing 1 required", "unexpected argument",
        "additional properties", "invalid_type", "is not of type", "invalid input", "input should be",
    ]

    mutating func explain(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ tool: String, _ view: MetaToolView
    ) -> MetaToolVerdict {
        guard let entry = view.catalog?[tool] else { return .pass }
        let advice = advice(entry)
        let edit =
            envelope.error.isEmpty
            ? resultEdit(line, envelope, advice) : errorEdit(line, envelope, advice)
        guard let edit else { return .pass }
        tally.schemasAppended += 1
        tally.answerTokens += TokenEstimate.tokens(in: advice.utf8)
        return .replaced([.toClient(spliced(line, envelope, [edit]))])
    }

    private func advice(_ entry: ToolEntry) -> String {
        let schema = entry.schemaText
        guard !schema.isEmpty, schema.count <= Self.largestSchema else {
            return "The arguments of \(entry.name) are explained by describe_tool."
        }
        return "Arguments of \(entry.name): \(String(decoding: schema, as: UTF8.self))"
    }

    /// A text more at the end of a tool's own error.
    private func resultEdit(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ advice: String) -> RawEdit? {
        guard let result = rawMembers(line, envelope.result), let isError = result["isError"], isError.kind == .bool,
            line[isError.value.lowerBound] == UInt8(ascii: "t"), let content = result["content"],
            let elements = rawElements(line, content.value),
            elements.contains(where: { complains(String(repairing: line.extracting($0))) })
        else { return nil }
        var bytes: [UInt8] = []
        if !elements.isEmpty { bytes.append(UInt8(ascii: ",")) }
        JSONValue.object(["type": "text", "text": .string(advice)]).write(to: &bytes)
        let end = content.value.upperBound - 1
        return RawEdit(range: end..<end, bytes: bytes)
    }

    /// The same in the message of a JSON-RPC error about parameters.
    private func errorEdit(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ advice: String) -> RawEdit? {
        guard let error = rawMembers(line, envelope.error), let code = error["code"], let message = error["message"],
            message.kind == .string, String(repairing: line.extracting(code.value)) == "-32602"
        else { return nil }
        var bytes: [UInt8] = []
        writeJSONString(" " + advice, to: &bytes)
        let end = message.value.upperBound - 1
        return RawEdit(range: end..<end, bytes: Array(bytes.dropFirst().dropLast()))
    }

    private func complains(_ text: String) -> Bool {
        let lower = text.prefix(4000).lowercased()
        return Self.complaints.contains { lower.contains($0) }
    }
}
