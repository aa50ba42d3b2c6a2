// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The answer to a request that went down with a supervisor. Whether the server worked on it nobody knows.
enum LostRequest {
    static func answer(_ id: RawToken) -> [UInt8] {
        var line = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        id.write(to: &line)
        let error: JSONObject = [
            "code": -32603,
            "message": """
            mcp-supervisor was restarted before this was answered; whether the server did it is not known. \
            The session goes on: ask again if that does no harm
            """,
            "data": ["reason": "supervisor_restarted", "retryable": false],
        ]
        line += Array(",\"error\":".utf8)
        error.write(to: &line)
        return line + Array("}\n".utf8)
    }
}
