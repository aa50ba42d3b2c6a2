// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A tool that is called whenever the backend has started (`on_start`).
public struct CallAtStart: Sendable, Codable, Equatable {
    public var tool: String
    /// JSON text of an object.
    public var arguments: String

    public init(tool: String, arguments: String) {
        self.tool = tool
        self.arguments = arguments
    }
}

extension Multiplexer {
    /// Before anybody else's requests: what was waiting for the process finds it prepared.
    mutating func callAtStart(_ actions: inout Actions) {
        for call in configuration.startCalls {
            var params = Array("{\"name\":".utf8)
            writeJSONString(call.tool, to: &params)
            let text = String(decoding: params, as: UTF8.self) + ",\"arguments\":\(call.arguments)}"
            var entry = Pending(owner: .start(tool: call.tool))
            entry.isCall = true
            _ = sendOwn(Method.toolsCall.rawValue, params: text, entry, &actions)
        }
    }

    /// Its result is nobody's, but its failure is worth a line.
    func finishStartCall(
        _ tool: String, _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ actions: inout Actions
    ) {
        guard envelope.error.isEmpty else {
            let error = try? JSONValue(parsing: line.extracting(envelope.error))
            return complainOfStartCall(tool, error?["message"]?.stringValue ?? "without a message", &actions)
        }
        let result = line.extracting(envelope.result)
        guard let isError = memberRange("isError", in: result), RawToken(result, isError) == RawToken("true") else {
            return
        }
        complainOfStartCall(tool, "its result is an error", &actions)
    }

    func complainOfStartCall(_ tool: String, _ reason: String, _ actions: inout Actions) {
        actions.log(.warning, "on_start call \(tool) failed: \(reason.prefix(150))")
    }
}
