// SPDX-License-Identifier: Apache-2.0
public import MCPWire
import Posix

/// For a program that waits for other things as well.
extension ControlClient {
    /// Readable when something of an answer has come.
    public var descriptor: Int32 { socket.descriptor.raw }

    /// Sends a call, and does not wait for its answer.
    public mutating func begin(_ call: VarlinkCall) throws(ClientError) { try send(call, timeout: 1) }

    /// The answer's parameters; `nil` while it is not complete. Never waits.
    ///
    /// - Parameter method: as the call named it.
    public mutating func answer(to method: String) throws(ClientError) -> JSONValue? {
        if let reply = try nextReply(method) { return reply.parameters }
        try receiveBytes(method, milliseconds: 0)
        return try nextReply(method)?.parameters
    }
}
