// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// An error that we answer ourselves (protocol.md §2.10).
struct ErrorReply: Sendable {
    enum Code: Int, Sendable {
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParams = -32602
        case internalError = -32603
        // Revision 2026-07-28.
        case missingCapability = -32021
        case unsupportedVersion = -32022
    }

    let code: Code
    let message: String
    var data: JSONValue?

    /// A refusal because of ourselves or the backend; `reason` is for programs.
    static func failure(_ message: String, reason: String) -> ErrorReply {
        ErrorReply(code: .internalError, message: message, data: ["reason": .string(reason)])
    }

    static func invalid(_ message: String) -> ErrorReply { ErrorReply(code: .invalidRequest, message: message) }

    static func methodNotFound(_ method: String) -> ErrorReply {
        ErrorReply(code: .methodNotFound, message: "Method not found: \(method)")
    }

    /// Appends `"error":{…}`.
    func write(to bytes: inout [UInt8]) {
        var error: JSONObject = ["code": .int(Int64(code.rawValue)), "message": .string(message)]
        if let data { error["data"] = data }
        bytes.append(contentsOf: "\"error\":".utf8)
        error.write(to: &bytes)
    }
}
